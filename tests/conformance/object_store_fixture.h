// What the suites of object stores share: two buckets, putting, reading, bodies that break.
#pragma once

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/worlds.h"

namespace pixgate::tests::object_store {

inline constexpr const char* kLoud = "pixgate-originals";  // raises events
inline constexpr const char* kQuiet = "pixgate-variants";

inline void make_buckets(World& w) {
    ASSERT_TRUE(run_task(w.buckets().create(kLoud, true)));
    ASSERT_TRUE(run_task(w.buckets().create(kQuiet, false)));
}

inline Result<ObjectInfo> put(
    World& w,
    const std::string& bucket,
    const std::string& key,
    std::string text,
    PutOptions options = {}
) {
    const auto body = make_text_body(std::move(text));
    return run_task(w.store().put(bucket, key, *body, std::move(options)));
}

inline Result<std::string> read(World& w, const std::string& bucket, const std::string& key) {
    const auto all = [](ObjectStore& store, std::string b,
                        std::string k) -> Task<Result<std::string>> {
        CO_TRY(const auto reader, co_await store.get(b, k));
        const auto body = reader->body(0, reader->info().size_bytes);
        co_return co_await read_all(*body, 64 << 20);
    };
    return run_task(all(w.store(), bucket, key));
}

inline std::size_t count_events(World& w) {
    return run_task(w.events().backlog()).value().count;
}

// A body that ends in an error, or is shorter than it says.
class BrokenBody : public BodySource {
public:
    BrokenBody(std::string text, std::size_t piece, std::optional<Errc> error)
        : text_(std::move(text)), piece_(piece), error_(error) {}
    Task<Result<ByteView>> next() override {
        const auto rest = as_bytes(text_).subspan(position_);
        if (rest.empty() && error_) co_return fail(*error_, "the sender went away");
        const auto piece = rest.first(std::min(piece_, rest.size()));
        position_ += piece.size();
        co_return piece;
    }

private:
    std::string text_;
    std::size_t piece_;
    std::optional<Errc> error_;
    std::size_t position_ = 0;
};

// Bodies that were refused go away in the background.
inline void expect_no_stray_files(World& w, std::size_t wanted = 0) {
    for (int i = 0; i < 5'000 && w.stray_files() != wanted; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(w.stray_files(), wanted);
}

}  // namespace pixgate::tests::object_store
