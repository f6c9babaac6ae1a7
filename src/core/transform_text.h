// Words and numbers of URLs that ask for pictures, read strictly: what is not exactly right is
// nothing. Shared by the native form (transform.cpp) and the dialects.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/transform.h"

namespace pixgate {

// Digits only, no leading zero; nullopt outside of [min, max].
std::optional<std::uint32_t> whole_number(
    std::string_view text, std::uint32_t min, std::uint32_t max
);
// "0.35" with at most `decimals` digits behind the point, in units of the last of them: 35 for two.
std::optional<std::uint32_t> decimal_number(
    std::string_view text, unsigned decimals, std::uint32_t min, std::uint32_t max
);
// The other way, without zeros at the end: (35, 2) -> "0.35", (350, 2) -> "3.5".
std::string decimal_text(std::uint32_t value, unsigned decimals);

// Six hex digits, or three that are meant twice each, in either case; without '#'.
std::optional<Rgb> colour(std::string_view text);
// "XxY", each 0 to 1 with at most three decimals.
std::optional<Gravity> focal_point(std::string_view text);

// Number 1..100, or low, medium-low, medium-high, high.
std::optional<std::uint8_t> quality(std::string_view text);

// One of `names` -> its place.
template <std::size_t N>
std::optional<std::size_t> place_of(
    const std::array<std::string_view, N>& names, std::string_view name
) {
    for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == name) return i;
    }
    return std::nullopt;
}

// What was read, before it is one meaning.
struct TransformDraft {
    Transform transform{};
    std::uint32_t dpr_percent = 100;
    bool dpr_grows_blur = true;  // a blur is meant in what is seen; not in all dialects
};

inline constexpr std::uint32_t kMinDprPercent = 100;
inline constexpr std::uint32_t kMaxDprPercent = 400;
inline constexpr std::uint32_t kMaxBlurTenths = 1'000;
inline constexpr std::uint32_t kMaxSharpenTenths = 100;

// Checks what concerns several parameters, folds dpr into the lengths, normalises. Errors as
// parse_transform's: "fit" where it needs a box and there is none, "dpr" where a side grows too
// long.
Result<Transform> finished(TransformDraft draft);

}  // namespace pixgate
