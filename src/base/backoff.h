// How long to wait before the next try: exponential with jitter, so that many who failed together
// do not come back together. May be used from any folder.
#pragma once

#include <chrono>
#include <cstdint>

namespace pixgate {

// After `failures` failures in a row (1 at first): a random time between half of and all of
// first * 2^(failures - 1), at most `cap`.
std::chrono::milliseconds backoff_after(
    std::uint32_t failures, std::chrono::milliseconds first, std::chrono::milliseconds cap
);

}  // namespace pixgate
