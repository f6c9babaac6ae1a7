// How start_zygote() and run_if_zygote() know each other.
#pragma once

#include <string_view>

namespace pixgate::imaging {

inline constexpr std::string_view kZygoteArgument = "--sandbox-zygote";
inline constexpr int kControlFd = 3;

}  // namespace pixgate::imaging
