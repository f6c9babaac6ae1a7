// A ready image in memory adapters, and an edge over them whose maker of variants counts, can be
// held back and fails on demand. For tests of flow/deliver_image.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "adapters/memory/memory.h"
#include "base/ids.h"
#include "core/bucket.h"
#include "flow/deliver_image.h"

namespace pixgate::test {

using namespace std::chrono_literals;

inline constexpr Transform kW320{.width_px = 320, .format = OutputFormat::kJpeg};
inline constexpr Transform kW640{.width_px = 640, .format = OutputFormat::kJpeg};

// The catalog of the world, which can be made to fail or to hang.
class ShakyCatalog : public Catalog {
public:
    explicit ShakyCatalog(Catalog& inner) : inner_(inner) {}
    Task<Result<Created>> create(NewImage image) override {
        return inner_.create(std::move(image));
    }
    Task<Result<Image>> find(ImageId id) override {
        ++finds;
        if (delay.count() > 0) co_await sleep_for(delay);
        if (is_down) co_return fail(Errc::kUnavailable, "the catalog is down");
        auto found = co_await inner_.find(std::move(id));
        if (found && !new_etag.empty()) found->etag = new_etag;
        co_return found;
    }
    Task<Result<ImagePage>> list(ImageQuery query) override {
        return inner_.list(std::move(query));
    }
    Task<Result<Applied>> apply(Change change) override { return inner_.apply(std::move(change)); }
    Task<Result<std::vector<FeedEntry>>> feed(FeedQuery query) override {
        query.after = std::max(query.after, pruned_up_to);
        return inner_.feed(std::move(query));
    }
    Task<Result<std::int64_t>> last_seq() override { return inner_.last_seq(); }
    Task<Result<std::vector<Image>>> due(DueQuery query) override {
        return inner_.due(std::move(query));
    }

    std::atomic<int> finds{0};
    std::atomic<bool> is_down{false};
    std::chrono::milliseconds delay{0};
    std::string new_etag;           // of every image; empty: as it is
    std::int64_t pruned_up_to = 0;  // entries of the feed that are gone

private:
    Catalog& inner_;
};

// A ready image in memory, and a maker of variants that counts and can be held back.
class DeliverWorld : public testing::Test {
protected:
    void SetUp() override { reset({}); }

    void TearDown() override {
        release();
        settle();
        deliver_.reset();
    }

    void reset(DeliverImage::Config config) {
        adapters_ = memory::make_adapters({}, clock_);
        ASSERT_TRUE(run_task(adapters_.buckets->create(std::string(kOriginalsBucket), false)));
        ASSERT_TRUE(run_task(adapters_.buckets->create(std::string(kVariantsBucket), false)));
        catalog_ = std::make_unique<ShakyCatalog>(*adapters_.catalog);
        image_ = add_ready_image();
        deliver_ = another(config);
    }

    // One more process over the same catalog, store and leases.
    std::unique_ptr<DeliverImage> another(DeliverImage::Config config) {
        return std::make_unique<DeliverImage>(
            DeliverImage::Ports{
                *catalog_, *adapters_.store,
                [this](const VariantSource& source, const Transform& t) -> Result<MadeVariant> {
                    ++makes_;
                    {
                        const std::lock_guard lock(mutex_);
                        sources_.push_back(source);
                    }
                    makes_begun_.notify_all();
                    if (is_held_.load()) is_held_.wait(true);
                    if (throws_) throw std::bad_alloc();
                    if (failure_) return std::unexpected(*failure_);
                    if (source.source == imaging::Source::kOwn && own_failure_)
                        return std::unexpected(*own_failure_);
                    return MadeVariant{
                        refusal_, canonical(t) + " of " + std::to_string(source.size_bytes)
                    };
                },
                pool_, clock_, metrics_,
                [this](std::string, Task<void> task) {
                    const std::lock_guard lock(mutex_);
                    threads_.emplace_back([t = std::move(task)]() mutable {
                        run_blocking(std::move(t));
                    });
                },
                adapters_.leases.get()
            },
            config
        );
    }

    ImageId add_ready_image() {
        const ImageId id{ids_.uuid_v7()};
        const auto body = make_text_body("the original");
        const auto stored = run_task(
            adapters_.store->put(std::string(kOriginalsBucket), original_key(id), *body, {})
        );
        EXPECT_TRUE(stored);
        NewImage row;
        row.image.id = id;
        row.image.owner = "u1";
        row.image.policy = "default";
        row.image.bucket = kOriginalsBucket;
        row.image.key = original_key(id);
        row.image.created_at = clock_.now();
        EXPECT_TRUE(run_task(adapters_.catalog->create(std::move(row))));
        Change change;
        change.id = id;
        change.to = ImageState::kReady;
        change.at = clock_.now();
        StorageEvent event;
        event.name = "ObjectCreated:Put";
        event.at = clock_.now();
        event.bucket = kOriginalsBucket;
        event.key = original_key(id);
        event.etag = stored->etag;
        event.sequencer = stored->sequencer;
        change.event = event;
        change.content_type = "image/jpeg";
        change.width_px = 4'000;
        change.height_px = 3'000;
        change.thumbhash = "1QcSHQRnh493V4dIh4eXh1h4kJUI";
        EXPECT_EQ(run_task(adapters_.catalog->apply(std::move(change))).value(), Applied::kDone);
        return id;
    }

    // A stored rendition of the ready image, known to the catalog.
    void add_rendition(std::uint32_t width_px, std::uint32_t height_px, const std::string& bytes) {
        Variant v;
        v.name = std::to_string(std::max(width_px, height_px));
        v.bucket = kVariantsBucket;
        v.key = image_.value + "/rendition-" + v.name;
        v.content_type = "image/jpeg";
        v.width_px = width_px;
        v.height_px = height_px;
        v.kind = VariantKind::kRendition;
        const auto body = make_text_body(bytes);
        ASSERT_TRUE(run_task(adapters_.store->put(v.bucket, v.key, *body, {})));
        Change change;
        change.id = image_;
        change.at = clock_.now();
        change.variant = v;
        ASSERT_EQ(run_task(adapters_.catalog->apply(std::move(change))).value(), Applied::kDone);
    }

    // Written over with the store's credentials, and the verdict of it.
    void replace_original(const std::string& bytes, ImageState verdict) {
        const auto body = make_text_body(bytes);
        const auto stored = run_task(
            adapters_.store->put(std::string(kOriginalsBucket), original_key(image_), *body, {})
        );
        ASSERT_TRUE(stored);
        Change change;
        change.id = image_;
        change.to = verdict;
        change.at = clock_.now();
        change.event = StorageEvent{};
        change.event->bucket = kOriginalsBucket;
        change.event->key = original_key(image_);
        change.event->etag = stored->etag;
        change.event->sequencer = stored->sequencer;
        if (verdict == ImageState::kReady) {
            change.content_type = "image/jpeg";
            change.width_px = 4'000;
            change.height_px = 3'000;
        }
        const auto applied = run_task(adapters_.catalog->apply(std::move(change)));
        ASSERT_EQ(applied.value(), Applied::kReplaced);
    }

    void mark_deleted() {
        Change change;
        change.id = image_;
        change.to = ImageState::kDeleted;
        change.at = clock_.now();
        ASSERT_EQ(run_task(adapters_.catalog->apply(std::move(change))).value(), Applied::kDone);
    }

    // What is written after the answer is written when this returns.
    void settle() {
        for (;;) {
            std::vector<std::jthread> threads;
            {
                const std::lock_guard lock(mutex_);
                if (threads_.empty()) return;
                threads.swap(threads_);
            }
            threads.clear();
        }
    }

    Result<DeliveredPtr> get(Transform transform) {
        const auto image = run_task(deliver_->find(image_));
        if (!image) return std::unexpected(image.error());
        auto delivery = run_task(deliver_->variant(image->image, transform));
        if (!delivery) return std::unexpected(delivery.error());
        return delivery->variant;
    }

    void hold() { is_held_ = true; }
    void release() {
        is_held_ = false;
        is_held_.notify_all();
    }

    ManualClock clock_{TimePoint(1'767'225'600'000ms)};
    FixedIds ids_;
    Metrics metrics_;
    Pool pool_{"imaging", 4};
    memory::Adapters adapters_;
    ImageId image_;
    std::atomic<int> makes_{0};
    std::atomic<int>& makes_begun_ = makes_;
    std::atomic<bool> is_held_{false};
    std::optional<Error> failure_;
    std::optional<Error> own_failure_;  // of warm workers
    std::vector<VariantSource> sources_;
    std::unique_ptr<ShakyCatalog> catalog_;
    bool throws_ = false;
    imaging::Refusal refusal_ = imaging::Refusal::kNone;
    std::mutex mutex_;
    std::vector<std::jthread> threads_;
    std::unique_ptr<DeliverImage> deliver_;
};

}  // namespace pixgate::test
