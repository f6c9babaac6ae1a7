// A bounded cache that a scan does not empty: S3-FIFO. What is new waits in a small queue (a tenth
// of the room); what was asked for again there moves to the main queue, the rest leaves and is only
// remembered by a fingerprint, so that it goes to the main queue when it comes back soon. Entries
// belong to groups that are dropped at once. Not safe from several threads: who uses it locks.
// Source: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pixgate {

template <class Value>
class ScanResistantCache {
public:
    struct Limits {
        std::uint64_t max_cost = 0;  // of all entries together
        // Dearer ones are kept only when they come a second time while they are remembered.
        std::uint64_t second_time_cost = UINT64_MAX;
    };
    explicit ScanResistantCache(Limits limits) : limits_(limits) {}

    // Null where absent. The pointer holds until the next call that is not find().
    Value* find(std::string_view group, std::string_view key) {
        const auto of_group = groups_.find(group);
        if (of_group == groups_.end()) return nullptr;
        const auto found = of_group->second.find(key);
        if (found == of_group->second.end()) return nullptr;
        Entry& entry = *found->second;
        if (entry.asked < kMaxAsked) ++entry.asked;
        return &entry.value;
    }

    // Adds or replaces. False where it is not kept: dearer than all the room, or see Limits.
    bool insert(std::string_view group, std::string_view key, Value value, std::uint64_t cost) {
        const std::uint64_t print = fingerprint(group, key);
        const auto of_group = groups_.find(group);
        const bool is_known = of_group != groups_.end() && of_group->second.contains(key);
        const bool is_remembered = is_known || memory_.contains(print);
        if (is_known) drop(of_group->second.find(key)->second);
        if (cost > limits_.max_cost) return false;
        if (cost > limits_.second_time_cost && !is_remembered) {
            remember(print);
            return false;
        }
        Queue& queue = is_remembered ? main_ : small_;
        queue.entries.push_front(
            {std::string(group), std::string(key), std::move(value), cost, 0, is_remembered}
        );
        queue.cost += cost;
        index(queue.entries.begin());
        make_room();
        return true;
    }

    void erase(std::string_view group, std::string_view key) {
        const auto of_group = groups_.find(group);
        if (of_group == groups_.end()) return;
        const auto found = of_group->second.find(key);
        if (found != of_group->second.end()) drop(found->second);
    }

    void erase_group(std::string_view group) {
        for (;;) {
            const auto of_group = groups_.find(group);
            if (of_group == groups_.end()) return;
            drop(of_group->second.begin()->second);
        }
    }

    std::uint64_t cost() const { return small_.cost + main_.cost; }
    std::size_t size() const { return small_.entries.size() + main_.entries.size(); }
    std::uint64_t evictions() const { return evictions_; }

private:
    static constexpr std::uint8_t kMaxAsked = 3;
    static constexpr std::uint8_t kAskedForMain = 2;
    static constexpr std::size_t kMinRemembered = 256;

    struct Entry {
        std::string group;
        std::string key;
        Value value;
        std::uint64_t cost = 0;
        std::uint8_t asked = 0;  // since it came in or was last passed over
        bool is_main = false;
    };
    using Place = std::list<Entry>::iterator;
    struct Queue {
        std::list<Entry> entries;  // newest first
        std::uint64_t cost = 0;
    };
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    // Keys are views of the entries' own strings, which a list never moves.
    using OfGroup = std::unordered_map<std::string_view, Place>;

    static std::uint64_t fingerprint(std::string_view group, std::string_view key) {
        const std::hash<std::string_view> hash;
        return (hash(group) * 0x9e37'79b9'7f4a'7c15ULL) ^ hash(key);
    }

    void index(Place place) {
        auto of_group = groups_.find(place->group);
        if (of_group == groups_.end()) of_group = groups_.emplace(place->group, OfGroup{}).first;
        of_group->second.emplace(place->key, place);
    }

    void drop(Place place) {
        const auto of_group = groups_.find(place->group);
        of_group->second.erase(place->key);
        if (of_group->second.empty()) groups_.erase(of_group);
        Queue& queue = place->is_main ? main_ : small_;
        queue.cost -= place->cost;
        queue.entries.erase(place);
    }

    void make_room() {
        while (cost() > limits_.max_cost) {
            if (small_.cost > limits_.max_cost / 10 || main_.entries.empty()) {
                shrink_small();
            } else {
                shrink_main();
            }
        }
    }

    void shrink_small() {
        const Place oldest = std::prev(small_.entries.end());
        if (oldest->asked >= kAskedForMain) {
            oldest->asked = 0;
            oldest->is_main = true;
            small_.cost -= oldest->cost;
            main_.cost += oldest->cost;
            main_.entries.splice(main_.entries.begin(), small_.entries, oldest);
            return;
        }
        remember(fingerprint(oldest->group, oldest->key));
        drop(oldest);
        ++evictions_;
    }

    void shrink_main() {
        const Place oldest = std::prev(main_.entries.end());
        if (oldest->asked > 0) {
            --oldest->asked;
            main_.entries.splice(main_.entries.begin(), main_.entries, oldest);
            return;
        }
        drop(oldest);
        ++evictions_;
    }

    void remember(std::uint64_t print) {
        order_.push_back(print);
        ++memory_[print];
        const std::size_t limit = std::max(kMinRemembered, size());
        while (order_.size() > limit) {
            const auto oldest = memory_.find(order_.front());
            if (--oldest->second == 0) memory_.erase(oldest);
            order_.pop_front();
        }
    }

    Limits limits_;
    Queue small_;
    Queue main_;
    std::unordered_map<std::string, OfGroup, Hash, std::equal_to<>> groups_;
    std::deque<std::uint64_t> order_;  // of what is remembered, oldest first
    std::unordered_map<std::uint64_t, std::uint32_t> memory_;
    std::uint64_t evictions_ = 0;
};

}  // namespace pixgate
