#include "flow/scan_resistant_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

namespace pixgate {
namespace {

using Cache = ScanResistantCache<int>;

TEST(ScanResistantCache, HoldsItsBoundAndNeverGivesAnOldOrForgottenValue) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&](unsigned n) { return random() % n; };
        const std::uint64_t bound = 50 + below(500);
        Cache cache({.max_cost = bound, .second_time_cost = 40});
        std::map<std::pair<std::string, std::string>, int> newest;
        for (int step = 0; step < 5'000; ++step) {
            const auto group = std::to_string(below(20));
            const auto key = std::to_string(below(10));
            switch (below(8)) {
                case 0:
                    cache.erase_group(group);
                    std::erase_if(newest, [&](const auto& e) { return e.first.first == group; });
                    break;
                case 1:
                    cache.erase(group, key);
                    newest.erase({group, key});
                    break;
                case 2:
                case 3: {
                    const bool is_kept = cache.insert(group, key, step, 1 + below(60));
                    newest[{group, key}] = step;
                    if (!is_kept) newest.erase({group, key});
                    break;
                }
                default:
                    if (const int* found = cache.find(group, key)) {
                        ASSERT_TRUE(newest.contains({group, key}));
                        ASSERT_EQ(*found, newest.at({group, key}));
                    }
            }
            ASSERT_LE(cache.cost(), bound);
            ASSERT_LE(cache.size(), cache.cost());
        }
        for (const auto& [name, value] : newest) cache.erase_group(name.first);
        EXPECT_EQ(cache.cost(), 0U);
        EXPECT_EQ(cache.size(), 0U);
    }
}

TEST(ScanResistantCache, WhatIsDearIsKeptOnlyTheSecondTime) {
    Cache cache({.max_cost = 100, .second_time_cost = 10});
    EXPECT_FALSE(cache.insert("a", "x", 1, 11));
    EXPECT_EQ(cache.find("a", "x"), nullptr);
    EXPECT_TRUE(cache.insert("a", "x", 2, 11));
    EXPECT_TRUE(cache.insert("a", "y", 3, 10));
    EXPECT_FALSE(cache.insert("a", "z", 4, 101));
    EXPECT_FALSE(cache.insert("a", "z", 4, 101)) << "more than all the room";
}

class Lru {
public:
    explicit Lru(std::size_t max) : max_(max) {}
    bool ask(int key) {
        const auto found = places_.find(key);
        if (found != places_.end()) {
            order_.splice(order_.begin(), order_, found->second);
            return true;
        }
        order_.push_front(key);
        places_[key] = order_.begin();
        if (order_.size() > max_) {
            places_.erase(order_.back());
            order_.pop_back();
        }
        return false;
    }

private:
    std::size_t max_;
    std::list<int> order_;
    std::map<int, std::list<int>::iterator> places_;
};

// Popular pictures by Zipf's law, and a crawler that asks for everything once.
TEST(ScanResistantCache, G111_HitsMoreThanLruWhereACrawlerComesThrough) {
    constexpr int kPictures = 10'000;
    constexpr std::size_t kRoom = 500;
    std::mt19937 random(7);
    std::vector<double> weights;
    for (int i = 1; i <= kPictures; ++i) weights.push_back(1.0 / std::pow(i, 0.9));
    std::discrete_distribution<int> popular(weights.begin(), weights.end());
    Cache cache({.max_cost = kRoom});
    Lru lru(kRoom);
    int ours = 0;
    int theirs = 0;
    int asked = 0;
    int crawled = 1'000'000;
    for (int i = 0; i < 200'000; ++i) {
        const bool is_crawler = i % 2 == 0;
        const int key = is_crawler ? crawled++ : popular(random);
        const bool is_hit = cache.find(std::to_string(key), "") != nullptr;
        if (!is_hit) cache.insert(std::to_string(key), "", key, 1);
        const bool is_lru_hit = lru.ask(key);
        if (is_crawler) continue;
        ++asked;
        ours += is_hit ? 1 : 0;
        theirs += is_lru_hit ? 1 : 0;
    }
    RecordProperty("hit_percent", 100 * ours / asked);
    RecordProperty("lru_hit_percent", 100 * theirs / asked);
    EXPECT_GT(ours, theirs + asked / 20) << "five points of a hundred";
}

}  // namespace
}  // namespace pixgate
