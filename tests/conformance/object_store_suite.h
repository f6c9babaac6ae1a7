// What every ObjectStore must do. See ports/object_store.h.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/crypto.h"
#include "tests/conformance/object_store_fixture.h"

namespace pixgate::tests::object_store {

inline void stores_and_reads_back(World& w) {
    make_buckets(w);
    PutOptions options;
    options.content_type = "image/jpeg";
    options.headers = {{"cache-control", "no-store"}};
    options.metadata = {{"note", "안녕"}};
    const auto info = put(w, kQuiet, "a/b", "hello", options);
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_EQ(info->etag, "5d41402abc4b2a76b9719d911017c592");
    EXPECT_EQ(info->sha256, sha256_hex("hello"));
    EXPECT_EQ(info->size_bytes, 5U);
    EXPECT_EQ(info->last_modified, w.clock.now());
    const auto head = run_task(w.store().head(kQuiet, "a/b"));
    ASSERT_TRUE(head);
    EXPECT_EQ(head->key, "a/b");
    EXPECT_EQ(head->etag, info->etag);
    EXPECT_EQ(head->sequencer, info->sequencer);
    EXPECT_EQ(head->content_type, "image/jpeg");
    EXPECT_EQ(head->headers, options.headers);
    EXPECT_EQ(head->metadata, options.metadata);
    EXPECT_EQ(read(w, kQuiet, "a/b").value(), "hello");
}

inline void an_empty_body_is_an_object(World& w) {
    make_buckets(w);
    const auto info = put(w, kQuiet, "empty", "");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->etag, "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(read(w, kQuiet, "empty").value(), "");
}

inline void a_body_of_many_pieces_is_whole(World& w) {
    make_buckets(w);
    std::string text;
    for (int i = 0; text.size() < 3'000'001; ++i) text += std::to_string(i) + ",";
    PutOptions options;
    options.checks.size_bytes = text.size();
    options.checks.sha256 = sha256_hex(text);
    options.checks.crc32 = crc32(as_bytes(text));
    options.checks.crc32c = crc32c(as_bytes(text));
    ASSERT_TRUE(put(w, kQuiet, "big", text, options));
    EXPECT_EQ(read(w, kQuiet, "big").value(), text);
    BrokenBody unsized(text, 100'003, std::nullopt);
    ASSERT_TRUE(run_task(w.store().put(kQuiet, "unsized", unsized, options)));
    EXPECT_EQ(read(w, kQuiet, "unsized").value(), text);
}

inline void a_part_of_a_body_can_be_read(World& w) {
    make_buckets(w);
    ASSERT_TRUE(put(w, kQuiet, "k", "0123456789"));
    const auto reader = run_task(w.store().get(kQuiet, "k"));
    ASSERT_TRUE(reader);
    for (const auto& [offset, length, wanted] :
         std::vector<std::tuple<std::uint64_t, std::uint64_t, std::string>>{
             {0, 3, "012"}, {7, 3, "789"}, {9, 5, "9"}, {10, 1, ""}, {99, 1, ""}, {4, 0, ""}
         }) {
        const auto body = (*reader)->body(offset, length);
        EXPECT_EQ(body->length(), wanted.size());
        EXPECT_EQ(run_task(read_all(*body, 100)).value(), wanted);
    }
}

inline void keys_are_bytes_and_never_paths(World& w) {
    make_buckets(w);
    const std::vector<std::string> keys{
        "사진/휴가 2026+서울 (1).jpg",
        "../../etc/passwd",
        "..",
        "/",
        "//",
        "a//b",
        "a=b&c%d#e?.png",
        "%2e%2e%2f",
        "\xc3\xa9",   // é as one code point
        "e\xcc\x81",  // and as two
        "\xf0\x9f\x98\x80",
        " ",
        std::string(1024, 'k'),
        "tab\tnewline\n",
        std::string("nul\0inside", 10),
        "nul",
        "A",
        "a",
    };
    for (const auto& key : keys) ASSERT_TRUE(put(w, kLoud, key, "body of " + key)) << key;
    for (const auto& key : keys) EXPECT_EQ(read(w, kLoud, key).value(), "body of " + key);
    const auto page = run_task(w.store().list(kLoud, {}));
    ASSERT_TRUE(page);
    std::vector<std::string> listed;
    for (const auto& object : page->objects) listed.push_back(object.key);
    auto sorted = keys;
    std::ranges::sort(sorted);
    EXPECT_EQ(listed, sorted);
}

inline void keys_that_cannot_be_are_refused(World& w) {
    make_buckets(w);
    for (const std::string& key :
         {std::string(), std::string(1025, 'k'), std::string("\xff\xfe")}) {
        const auto result = put(w, kQuiet, key, "x");
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, Errc::kInvalidArgument);
    }
}

inline void what_is_absent_is_not_found(World& w) {
    make_buckets(w);
    EXPECT_EQ(run_task(w.store().head(kQuiet, "none")).error().code, Errc::kNotFound);
    EXPECT_EQ(run_task(w.store().head(kQuiet, "none")).error().reason, "");
    EXPECT_EQ(run_task(w.store().get(kQuiet, "none")).error().code, Errc::kNotFound);
    const auto no_bucket = run_task(w.store().get("no-such-bucket", "none"));
    EXPECT_EQ(no_bucket.error().code, Errc::kNotFound);
    EXPECT_EQ(no_bucket.error().reason, "bucket");
    EXPECT_EQ(put(w, "no-such-bucket", "k", "x").error().reason, "bucket");
    EXPECT_EQ(run_task(w.store().list("no-such-bucket", {})).error().reason, "bucket");
    EXPECT_EQ(
        run_task(w.store().remove("no-such-bucket", "k", std::nullopt)).error().reason, "bucket"
    );
    expect_no_stray_files(w);
}

inline void a_second_put_replaces_the_first(World& w) {
    make_buckets(w);
    const auto first = put(w, kQuiet, "k", "one");
    const auto reader = run_task(w.store().get(kQuiet, "k"));
    w.clock.advance(std::chrono::seconds(5));
    const auto second = put(w, kQuiet, "k", "two!");
    ASSERT_TRUE(first && second && reader);
    EXPECT_LT(first->sequencer, second->sequencer);
    EXPECT_EQ(second->last_modified, w.clock.now());
    EXPECT_EQ(read(w, kQuiet, "k").value(), "two!");
    // Who has the old one open reads the old one.
    const auto body = (*reader)->body(0, 3);
    EXPECT_EQ(run_task(read_all(*body, 10)).value(), "one");
}

inline void sequencers_are_hex_and_grow(World& w) {
    make_buckets(w);
    std::string last;
    for (int i = 0; i < 20; ++i) {
        const auto info = put(w, i % 2 == 0 ? kQuiet : kLoud, "k" + std::to_string(i), "x");
        ASSERT_TRUE(info);
        EXPECT_EQ(info->sequencer.size(), 16U);
        EXPECT_EQ(info->sequencer.find_first_not_of("0123456789ABCDEF"), std::string::npos);
        EXPECT_GT(info->sequencer, last);
        last = info->sequencer;
    }
}

inline void wrong_claims_store_nothing(World& w) {
    make_buckets(w);
    const auto refused = [&w](const char* reason, auto set) {
        PutOptions options;
        set(options.checks);
        const auto result = put(w, kLoud, "k", "hello", options);
        ASSERT_FALSE(result) << reason;
        EXPECT_EQ(result.error().code, Errc::kCorrupt);
        EXPECT_EQ(result.error().reason, reason);
    };
    refused("size", [](BodyChecks& c) { c.size_bytes = 4; });
    refused("size", [](BodyChecks& c) { c.size_bytes = 6; });
    refused("md5", [](BodyChecks& c) { c.md5 = std::string(32, '0'); });
    refused("sha256", [](BodyChecks& c) { c.sha256 = sha256_hex("other"); });
    refused("sha1", [](BodyChecks& c) { c.sha1 = std::string(40, '0'); });
    refused("crc32", [](BodyChecks& c) { c.crc32 = 1; });
    refused("crc32c", [](BodyChecks& c) { c.crc32c = 1; });
    EXPECT_EQ(run_task(w.store().head(kLoud, "k")).error().code, Errc::kNotFound);
    EXPECT_EQ(count_events(w), 0U);
    expect_no_stray_files(w);
}

inline void right_claims_are_accepted(World& w) {
    make_buckets(w);
    PutOptions options;
    options.checks.size_bytes = 5;
    options.checks.md5 = "5d41402abc4b2a76b9719d911017c592";
    options.checks.sha1 = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d";
    options.checks.sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    options.checks.crc32 = 0x3610a686;
    options.checks.crc32c = 0x9a71bb4c;
    EXPECT_TRUE(put(w, kQuiet, "k", "hello", options));
}

inline void a_body_that_breaks_off_leaves_nothing(World& w) {
    make_buckets(w);
    for (const std::size_t n : {0U, 1U, 4'096U, 700'000U}) {
        BrokenBody body(std::string(n, 'x'), 64 * 1024, Errc::kCancelled);
        const auto result = run_task(w.store().put(kLoud, "k", body, {}));
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, Errc::kCancelled);
    }
    EXPECT_EQ(run_task(w.store().head(kLoud, "k")).error().code, Errc::kNotFound);
    EXPECT_EQ(count_events(w), 0U);
    expect_no_stray_files(w);
}

inline void a_cancelled_put_leaves_nothing(World& w) {
    make_buckets(w);
    class Stalled : public BodySource {
    public:
        Task<Result<ByteView>> next() override {
            if (!std::exchange(is_first_, false)) co_await sleep_for(std::chrono::hours(1));
            co_return as_bytes("first piece");
        }

    private:
        bool is_first_ = true;
    };
    Stalled body;
    auto slow = w.store().put(kLoud, "k", body, {});
    auto task = with_deadline(std::move(slow), std::chrono::milliseconds(20));
    const auto result = run_task(std::move(task));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kDeadlineExceeded);
    EXPECT_EQ(run_task(w.store().head(kLoud, "k")).error().code, Errc::kNotFound);
    EXPECT_EQ(count_events(w), 0U);
    expect_no_stray_files(w);
}

inline void conditions_are_held(World& w) {
    make_buckets(w);
    PutOptions must_be_new;
    must_be_new.if_none_match = true;
    PutOptions must_match;
    must_match.if_match = "00000000000000000000000000000000";
    EXPECT_EQ(put(w, kQuiet, "k", "x", must_match).error().code, Errc::kNotFound);
    const auto first = put(w, kQuiet, "k", "one", must_be_new);
    ASSERT_TRUE(first);
    EXPECT_EQ(put(w, kQuiet, "k", "two", must_be_new).error().code, Errc::kFailedPrecondition);
    EXPECT_EQ(put(w, kQuiet, "k", "two", must_match).error().code, Errc::kFailedPrecondition);
    EXPECT_EQ(read(w, kQuiet, "k").value(), "one");
    must_match.if_match = first->etag;
    EXPECT_TRUE(put(w, kQuiet, "k", "two", must_match));
    EXPECT_EQ(
        run_task(w.store().remove(kQuiet, "k", first->etag)).error().code, Errc::kFailedPrecondition
    );
    EXPECT_EQ(read(w, kQuiet, "k").value(), "two");
}

inline void of_many_first_puts_one_wins(World& w) {
    make_buckets(w);
    std::atomic<int> winners = 0;
    std::atomic<int> refused = 0;
    std::string winning_body;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 64; ++i) {
        threads.emplace_back([&, i] {
            PutOptions options;
            options.if_none_match = true;
            const std::string body = "body " + std::to_string(i);
            const auto result = put(w, kLoud, "k", body, options);
            if (result) {
                ++winners;
                winning_body = body;
            } else if (result.error().code == Errc::kFailedPrecondition) {
                ++refused;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(refused, 63);
    EXPECT_EQ(read(w, kLoud, "k").value(), winning_body);
    EXPECT_EQ(count_events(w), 1U);
    if (w.stray_files() > 0) expect_no_stray_files(w, 1);
}

inline void a_put_in_a_loud_bucket_raises_one_event(World& w) {
    make_buckets(w);
    PutOptions options;
    options.request_id = "C3D13FE58DE4C810";
    options.source_ip = "192.0.2.7";
    const auto info = put(w, kLoud, "red flower.jpg", "hello", options);
    ASSERT_TRUE(info);
    ASSERT_TRUE(put(w, kQuiet, "silent", "hello"));
    const auto events =
        run_task(w.events().next(10, std::chrono::milliseconds(0), std::chrono::seconds(60)));
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 1U);
    const std::string& json = events->front().json;
    for (const std::string& wanted :
         {std::string("\"ObjectCreated:Put\""), std::string("red+flower.jpg"), info->etag,
          info->sequencer, std::string(kLoud), std::string("192.0.2.7"),
          std::string("C3D13FE58DE4C810")}) {
        EXPECT_NE(json.find(wanted), std::string::npos) << wanted << " in " << json;
    }
}

inline void a_removed_object_is_gone_and_raises_one_event(World& w) {
    make_buckets(w);
    ASSERT_TRUE(put(w, kLoud, "k", "hello"));
    ASSERT_TRUE(run_task(w.store().remove(kLoud, "k", std::nullopt)));
    EXPECT_EQ(run_task(w.store().head(kLoud, "k")).error().code, Errc::kNotFound);
    ASSERT_TRUE(run_task(w.store().remove(kLoud, "k", std::nullopt)));
    EXPECT_EQ(count_events(w), 2U);
    const auto events =
        run_task(w.events().next(10, std::chrono::milliseconds(0), std::chrono::seconds(60)));
    ASSERT_EQ(events->size(), 2U);
    EXPECT_NE(events->back().json.find("ObjectRemoved:Delete"), std::string::npos);
    expect_no_stray_files(w);
}

inline void objects_survive_a_restart(World& w) {
    make_buckets(w);
    const auto before = put(w, kLoud, "k", "hello");
    ASSERT_TRUE(before);
    w.restart();
    EXPECT_EQ(read(w, kLoud, "k").value(), "hello");
    EXPECT_EQ(count_events(w), 1U);
    const auto after = put(w, kLoud, "k2", "hello");
    ASSERT_TRUE(after);
    EXPECT_GT(after->sequencer, before->sequencer);
}

inline constexpr Case kCases[]{
    {"StoresAndReadsBack", stores_and_reads_back},
    {"AnEmptyBodyIsAnObject", an_empty_body_is_an_object},
    {"ABodyOfManyPiecesIsWhole", a_body_of_many_pieces_is_whole},
    {"APartOfABodyCanBeRead", a_part_of_a_body_can_be_read},
    {"KeysAreBytesAndNeverPaths", keys_are_bytes_and_never_paths},
    {"KeysThatCannotBeAreRefused", keys_that_cannot_be_are_refused},
    {"WhatIsAbsentIsNotFound", what_is_absent_is_not_found},
    {"ASecondPutReplacesTheFirst", a_second_put_replaces_the_first},
    {"SequencersAreHexAndGrow", sequencers_are_hex_and_grow},
    {"WrongClaimsStoreNothing", wrong_claims_store_nothing},
    {"RightClaimsAreAccepted", right_claims_are_accepted},
    {"ABodyThatBreaksOffLeavesNothing", a_body_that_breaks_off_leaves_nothing},
    {"ACancelledPutLeavesNothing", a_cancelled_put_leaves_nothing},
    {"ConditionsAreHeld", conditions_are_held},
    {"OfManyFirstPutsOneWins", of_many_first_puts_one_wins},
    {"APutInALoudBucketRaisesOneEvent", a_put_in_a_loud_bucket_raises_one_event},
    {"ARemovedObjectIsGoneAndRaisesOneEvent", a_removed_object_is_gone_and_raises_one_event},
};

// For adapters that outlive the process.
inline constexpr Case kDurableCases[]{
    {"ObjectsSurviveARestart", objects_survive_a_restart},
};

}  // namespace pixgate::tests::object_store
