// The version of this program, as CMake's project() has it.
#pragma once

#include <string_view>

namespace pixgate {

#ifndef PIXGATE_VERSION
#error "PIXGATE_VERSION is given by CMake"
#endif
inline constexpr std::string_view kVersion = PIXGATE_VERSION;

}  // namespace pixgate
