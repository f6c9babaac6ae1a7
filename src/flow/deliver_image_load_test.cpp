// The edge under load and with broken parts: stampedes, other processes, poison, a catalog that is
// down, damaged objects.
#include <gtest/gtest.h>

#include "base/task_group.h"
#include "tests/support/deliver_world.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::kW320;
using test::kW640;

class DeliverUnderLoad : public test::DeliverWorld {
protected:
    // `n` requests at once on one event loop; how many got the picture.
    int ask_at_once(int n, Transform transform) {
        std::atomic<int> served{0};
        const auto one = [&]() -> Task<void> {
            const auto found = co_await deliver_->find(image_);
            if (!found) co_return;
            const auto got = co_await deliver_->variant(found->image, transform);
            if (got && got->variant->body) ++served;
        };
        const auto all = [&]() -> Task<void> {
            TaskGroup group;
            for (int i = 0; i < n; ++i) co_await group.start("ask", one());
            co_await group.wait_below(1, 60s);
        };
        run_task(all());
        return served;
    }

    std::string source_of(Transform transform) {
        sources_.clear();
        EXPECT_TRUE(get(transform));
        settle();
        return sources_.empty() ? "nothing" : std::to_string(sources_.back().width_px);
    }
};

TEST_F(DeliverUnderLoad, F53_AStampedeOf5000OnOneColdKeyIsOneDecode) {
    EXPECT_EQ(ask_at_once(5'000, kW320), 5'000);
    settle();
    EXPECT_EQ(makes_, 1);
    EXPECT_EQ(catalog_->finds, 2) << "one look-up for all, and one after storing";
}

TEST_F(DeliverUnderLoad, F40_AStampedeOnAPoisonUrlIsOneDecode) {
    refusal_ = imaging::Refusal::kBroken;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(ask_at_once(1'000, kW320), 0);
    EXPECT_EQ(makes_, 1);
}

TEST_F(DeliverUnderLoad, TwoProcessesMakeEachOf50VariantsOnce) {
    const auto other = another({});
    const auto ask = [this](DeliverImage& edge) {
        for (std::uint32_t i = 0; i < 50; ++i) {
            const auto found = run_task(edge.find(image_));
            Transform t = kW320;
            t.width_px = 100 + i;
            ASSERT_TRUE(run_task(edge.variant(found->image, t)));
        }
    };
    {
        const std::jthread one([&] { ask(*deliver_); });
        const std::jthread two([&] { ask(*other); });
    }
    EXPECT_EQ(makes_, 50);
    settle();
}

TEST_F(DeliverUnderLoad, ALeaseWhoseHolderDiedDelaysButDoesNotRefuse) {
    reset({.lease_patience = 100ms});
    const auto image = run_task(deliver_->find(image_))->image;
    const auto name = "variant/" + image->id.value + "/" + image->etag + "/w=320,f=jpeg";
    ASSERT_TRUE(run_task(adapters_.leases->try_take(name, 20s))->has_value());
    EXPECT_TRUE(get(kW320));
    EXPECT_EQ(makes_, 1);
}

TEST_F(DeliverUnderLoad, F10_ADamagedVariantInTheBucketIsMadeAgain) {
    ASSERT_TRUE(get(kW320));
    settle();
    const auto key =
        run_task(adapters_.store->list(std::string(kVariantsBucket), {}))->objects.at(0).key;
    const auto empty = make_text_body("");
    ASSERT_TRUE(run_task(adapters_.store->put(std::string(kVariantsBucket), key, *empty, {})));
    deliver_->forget(image_);
    const auto again = get(kW320);
    ASSERT_TRUE(again);
    EXPECT_EQ(*(*again)->body, "w=320,f=jpeg of 12");
    EXPECT_EQ(makes_, 2);
    settle();
    EXPECT_EQ(run_task(adapters_.store->head(std::string(kVariantsBucket), key))->size_bytes, 18U);
}

TEST_F(DeliverUnderLoad, F30_KnownPicturesAreServedForADayWhileTheCatalogIsDown) {
    ASSERT_TRUE(get(kW320));
    settle();
    catalog_->is_down = true;
    for (int minute = 0; minute < 10; ++minute) {
        clock_.advance(1min);
        EXPECT_EQ(ask_at_once(100, kW320), 100);
    }
    const auto found = run_task(deliver_->find(image_));
    ASSERT_TRUE(found);
    EXPECT_GT(found->stale_for, 590s);
    EXPECT_TRUE(found->is_by_error);
    EXPECT_LE(catalog_->finds, 2 + 11) << "one try a second at most";
    clock_.advance(24h);
    EXPECT_EQ(get(kW320).error().code, Errc::kUnavailable);
    catalog_->is_down = false;
    EXPECT_TRUE(get(kW320));
}

TEST_F(DeliverUnderLoad, ADeletedPictureIsNotServedStale) {
    ASSERT_TRUE(get(kW320));
    mark_deleted();
    deliver_->bury(image_);
    catalog_->is_down = true;
    clock_.advance(3s);
    EXPECT_EQ(get(kW320).error().code, Errc::kNotFound);
}

TEST_F(DeliverUnderLoad, ASlowCatalogIsAskedInTheBackgroundWhileWhatIsKnownIsServed) {
    ASSERT_TRUE(get(kW320));
    settle();
    clock_.advance(3s);
    catalog_->delay = 1s;
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i) {
        const auto found = run_task(deliver_->find(image_));
        ASSERT_TRUE(found);
        EXPECT_GT(found->stale_for, 0s);
        EXPECT_FALSE(found->is_by_error);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 900ms);
    settle();
    EXPECT_EQ(run_task(deliver_->find(image_))->stale_for, 0s) << "the look-up came home";
}

TEST_F(DeliverUnderLoad, F40_UnknownIdsCostOneLookUpInTwoSeconds) {
    const ImageId unknown{"00000000-0000-7000-8000-00000000ffff"};
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(run_task(deliver_->find(unknown)));
    EXPECT_EQ(catalog_->finds, 1);
    clock_.advance(2'001ms);
    EXPECT_FALSE(run_task(deliver_->find(unknown)));
    EXPECT_EQ(catalog_->finds, 2);
}

TEST_F(DeliverUnderLoad, TheSmallestRenditionWithPixelsToSpareIsTheSource) {
    for (const auto& [w, h] :
         {std::pair{3'900U, 2'925U}, {2'000U, 1'500U}, {1'000U, 750U}, {500U, 375U}}) {
        add_rendition(w, h, "rendition of " + std::to_string(w));
    }
    EXPECT_EQ(source_of(kW320), "500");
    EXPECT_EQ(sources_.back().source, imaging::Source::kOwn);
    EXPECT_EQ(sources_.back().original_width_px, 4'000U);
    EXPECT_EQ(source_of(kW640), "1000");
    EXPECT_EQ(source_of({.width_px = 1'600, .format = OutputFormat::kJpeg}), "2000");
    EXPECT_EQ(source_of({.width_px = 1'900, .format = OutputFormat::kJpeg}), "3900");
    // The master, also where the original has more.
    EXPECT_EQ(source_of({.width_px = 4'000, .format = OutputFormat::kJpeg}), "3900");
    EXPECT_EQ(source_of({.format = OutputFormat::kWebp}), "3900");
    EXPECT_EQ(sources_.back().source, imaging::Source::kOwn);
    EXPECT_EQ(sources_.back().original_width_px, 4'000U);
}

TEST_F(DeliverUnderLoad, WhatNoRenditionHasComesFromTheOriginalInAChildOfItsOwn) {
    EXPECT_EQ(source_of(kW320), "4000") << "there is no rendition";
    EXPECT_EQ(sources_.back().source, imaging::Source::kStranger);
    add_rendition(500, 375, "rendition");
    deliver_->forget(image_);
    Transform copyright = kW640;
    copyright.metadata = KeepMetadata::kCopyright;
    EXPECT_EQ(source_of(copyright), "4000");
    EXPECT_EQ(sources_.back().source, imaging::Source::kStranger);
}

TEST_F(DeliverUnderLoad, AWarmWorkerThatCrashedIsFollowedByAChildOfItsOwn) {
    add_rendition(500, 375, "rendition");
    own_failure_ = Error{Errc::kCrashed, "child died", {}};
    ASSERT_TRUE(get(kW320));
    ASSERT_EQ(sources_.size(), 2U);
    EXPECT_EQ(sources_[1].source, imaging::Source::kStranger);
    EXPECT_EQ(sources_[1].width_px, 500U);
}

TEST_F(DeliverUnderLoad, F10_AMissingRenditionIsReplacedByTheOriginal) {
    add_rendition(500, 375, "rendition");
    const auto image = run_task(deliver_->find(image_))->image;
    const auto& v = image->variants.at(0);
    ASSERT_TRUE(run_task(adapters_.store->remove(v.bucket, v.key, std::nullopt)));
    EXPECT_EQ(source_of(kW320), "4000");
}

TEST_F(DeliverUnderLoad, G110_AClientPaysInPixelsAndOthersDoNotPayForIt) {
    reset({.pixels_per_second_per_client = 1'000'000});  // the original has 12
    const auto ask = [this](std::uint32_t width, const char* client) {
        Transform t = kW320;
        t.width_px = width;
        const auto image = run_task(deliver_->find(image_))->image;
        return run_task(deliver_->variant(image, t, client));
    };
    EXPECT_TRUE(ask(100, "192.0.2.1"));
    const auto refused = ask(101, "192.0.2.1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "rate_limited");
    const auto wait = deliver_->retry_after(refused.error(), "192.0.2.1");
    EXPECT_GE(wait, 2s);
    EXPECT_LE(wait, 5s);
    EXPECT_TRUE(ask(100, "192.0.2.1")) << "hits cost nothing";
    EXPECT_TRUE(ask(101, "192.0.2.2"));
    clock_.advance(5s);
    EXPECT_TRUE(ask(102, "192.0.2.1"));
}

TEST_F(DeliverUnderLoad, G110_WhoGetsNoPlacePaysNothing) {
    reset({.max_running = 1, .max_waiting = 0, .pixels_per_second_per_client = 1'000'000});
    const auto image = run_task(deliver_->find(image_))->image;
    hold();
    std::jthread holder([&] { EXPECT_TRUE(get(kW640)); });
    makes_begun_.wait(0);
    const auto refused = run_task(deliver_->variant(image, kW320, "192.0.2.1"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "transform_queue_full");
    release();
    holder.join();
    EXPECT_TRUE(run_task(deliver_->variant(image, kW320, "192.0.2.1")));
}

TEST_F(DeliverUnderLoad, G110_ThrottledClientsGetNobodyElseRefused) {
    reset({.max_running = 1, .pixels_per_second_per_client = 1'000'000});
    const auto image = run_task(deliver_->find(image_))->image;
    const auto ask = [&](std::uint32_t width, const std::string& client) {
        Transform t = kW320;
        t.width_px = width;
        return run_task(deliver_->variant(image, t, client));
    };
    constexpr std::uint32_t kThrottled = 6;
    const auto name_of_client = [](std::uint32_t i) { return "throttled-" + std::to_string(i); };
    for (std::uint32_t i = 0; i < kThrottled; ++i) ASSERT_TRUE(ask(100 + i, name_of_client(i)));
    settle();
    hold();
    std::jthread holder([&] { EXPECT_TRUE(get(kW640)); });
    makes_begun_.wait(kThrottled);
    const auto flights = [this] {
        const std::lock_guard lock(mutex_);
        return threads_.size();
    };
    const auto before = flights();
    // Its budget is enough for one of them. The throttled wait for both, and so does one other.
    std::atomic<int> served{0};
    std::vector<std::jthread> askers;
    for (const std::uint32_t width : {200U, 201U}) {
        askers.emplace_back([&, width] { served += ask(width, "greedy") ? 1 : 0; });
    }
    while (flights() < before + 2) std::this_thread::yield();
    std::atomic<int> others_served{0};
    for (const std::uint32_t width : {200U, 201U}) {
        for (std::uint32_t i = 0; i < kThrottled; ++i) {
            askers.emplace_back([&, i, width] { static_cast<void>(ask(width, name_of_client(i))); }
            );
        }
        askers.emplace_back([&, width] {
            others_served += ask(width, "other-" + std::to_string(width)) ? 1 : 0;
        });
    }
    const Counter& collapsed = metrics_.counter("pixgate_edge_collapsed_total", "");
    while (collapsed.value() < 2 * (kThrottled + 1)) std::this_thread::yield();
    release();
    askers.clear();
    EXPECT_EQ(served, 1);
    EXPECT_EQ(others_served, 2);
}

TEST_F(DeliverUnderLoad, G111_LargeVariantsAreKeptOnlyWhenTheyComeTwice) {
    VariantCache cache(256ULL << 20, metrics_);
    const auto large = std::make_shared<DeliveredVariant>();
    large->body = std::make_shared<const std::string>(2 << 20, 'x');
    EXPECT_FALSE(cache.insert(image_, "w=2000", large));
    EXPECT_TRUE(cache.insert(image_, "w=2000", large));
    EXPECT_TRUE(cache.find(image_, "w=2000"));
    cache.forget(image_);
    EXPECT_EQ(cache.bytes(), 0U);
}

}  // namespace
}  // namespace pixgate
