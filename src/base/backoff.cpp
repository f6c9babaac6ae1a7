#include "base/backoff.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/ids.h"

namespace pixgate {

std::chrono::milliseconds backoff_after(
    std::uint32_t failures, std::chrono::milliseconds first, std::chrono::milliseconds cap
) {
    std::chrono::milliseconds full = std::min(first, cap);
    for (std::uint32_t i = 1; i < failures && full < cap; ++i) full = std::min(full * 2, cap);
    if (full.count() <= 1) return full;
    std::array<std::byte, 8> random{};
    fill_random(random);
    const auto span = static_cast<std::uint64_t>(full.count() - full.count() / 2) + 1;
    const auto extra = std::bit_cast<std::uint64_t>(random) % span;
    return full / 2 + std::chrono::milliseconds(static_cast<std::int64_t>(extra));
}

}  // namespace pixgate
