// What a decoder that has been taken over would do for the picture before: search the whole process
// for it. For tests of what a worker forgets.
#pragma once

#include <cstdint>
#include <span>

namespace pixgate::imaging {

// How often `bytes` (16 or more) are in the heap, the data, the stacks and the mappings of this
// process, other than where they are given. Takes about a second.
int count_in_memory(std::span<const std::uint8_t> bytes);

}  // namespace pixgate::imaging
