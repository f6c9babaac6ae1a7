#include "flow/known_images.h"

#include <gtest/gtest.h>

#include "tests/support/deliver_world.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;

class KnownImagesTest : public test::DeliverWorld {
protected:
    std::shared_ptr<KnownImages> with(KnownImages::Config config) {
        const auto spawn = [this](std::string, Task<void> task) {
            const std::lock_guard lock(mutex_);
            threads_.emplace_back([t = std::move(task)]() mutable { run_blocking(std::move(t)); });
        };
        return std::make_shared<KnownImages>(
            KnownImages::Ports{*catalog_, clock_, metrics_, spawn, [](const ImageId&) {}}, config
        );
    }
};

TEST_F(KnownImagesTest, WhoFindsTooManyWaitingGetsWhatIsKnown) {
    const auto images = with({.slow = 10s, .max_waiters = 1});
    ASSERT_TRUE(run_task(images->find(image_)));
    clock_.advance(3s);
    catalog_->delay = 300ms;
    const int before = catalog_->finds;
    std::jthread waiter([&] { EXPECT_EQ(run_task(images->find(image_))->stale_for, 0s); });
    while (catalog_->finds == before) std::this_thread::yield();
    const auto found = run_task(images->find(image_));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_GT(found->stale_for, 0s);
    const ImageId unknown{ids_.uuid_v7()};
    std::jthread other([&] { EXPECT_FALSE(run_task(images->find(unknown))); });
    while (catalog_->finds == before + 1) std::this_thread::yield();
    EXPECT_EQ(run_task(images->find(unknown)).error().code, Errc::kOverloaded);
    waiter.join();
    other.join();
    settle();
}

}  // namespace
}  // namespace pixgate
