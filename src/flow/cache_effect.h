// What a change of an image means for those who keep its pictures: this process, other processes,
// caches in front of them. Pure rules.
#pragma once

#include <algorithm>

#include "core/image.h"

namespace pixgate {

// True where pictures of an earlier version may be kept somewhere: it was ready before this change.
inline bool was_shown(const Image& after) {
    const auto times_ready =
        std::ranges::count(after.history, ImageState::kReady, &HistoryEntry::state);
    return times_ready > (after.state == ImageState::kReady ? 1 : 0);
}

enum class CacheEffect : std::uint8_t {
    kLookAgain,  // what was made stays right
    kDrop,       // replaced or withdrawn
    kGone,       // deleted, for ever
};

inline CacheEffect cache_effect_of(const Image& after) {
    if (after.state == ImageState::kDeleted) return CacheEffect::kGone;
    return was_shown(after) ? CacheEffect::kDrop : CacheEffect::kLookAgain;
}

}  // namespace pixgate
