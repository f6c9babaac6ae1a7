// Client Hints: "w=auto" takes the width from Sec-CH-Width, "dpr=auto" the density from Sec-CH-DPR.
// Source: the HTML Standard's client hints; RFC 8942.
#pragma once

#include <array>
#include <string>

#include "http/message.h"

namespace pixgate::edge {

// The densities that there are, in percent, largest first.
inline constexpr std::array<std::uint32_t, 4> kHintedDensities{300, 200, 150, 100};

struct HintedOptions {
    std::string text;
    std::string vary;  // the fields that were asked, as Vary lists them; empty where none was
};
// Puts the hints in place of "auto" in `options`: the width rounded up to a listed one, the density
// to one of kHintedDensities, `max_density` at most. Without a usable hint: 960, and 1.
HintedOptions with_client_hints(
    std::string_view options, const http::Fields& fields, std::uint32_t max_density
);

}  // namespace pixgate::edge
