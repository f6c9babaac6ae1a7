#include "roles/edge/client_hints.h"

#include "core/transform_text.h"

namespace pixgate::edge {

namespace {

constexpr std::uint32_t kDefaultWidthPx = 960;

std::string width_of(std::string_view hint) {
    const auto asked = whole_number(hint, 1, 999'999'999);
    if (!asked) return std::to_string(kDefaultWidthPx);
    return std::to_string(listed_width_for(*asked).value_or(kListedWidths.back()));
}

std::string density_of(std::string_view hint, std::uint32_t max) {
    // Browsers write as many decimals as they like ("1.100000023841858").
    const auto asked = decimal_number(hint.substr(0, 4), 2, 0, 999'999).value_or(100);
    std::uint32_t out = kHintedDensities.back();
    for (const auto density : kHintedDensities) {
        const bool is_enough = density >= asked || density == kHintedDensities.front();
        if (is_enough && density <= max) out = density;
        if (!is_enough) break;
    }
    if (asked > max) out = max;
    return decimal_text(out, 2);
}

// Replaces one whole part of the list.
bool replace_part(std::string& options, std::string_view part, const std::string& with) {
    std::size_t begin = 0;
    while (true) {
        const auto end = std::min(options.find(',', begin), options.size());
        if (std::string_view(options).substr(begin, end - begin) == part) {
            options.replace(begin, end - begin, with);
            return true;
        }
        if (end == options.size()) return false;
        begin = end + 1;
    }
}

}  // namespace

HintedOptions with_client_hints(
    std::string_view options, const http::Fields& fields, std::uint32_t max_density
) {
    HintedOptions out{std::string(options), {}};
    if (replace_part(out.text, "w=auto", "w=" + width_of(fields.get("Sec-CH-Width"))))
        out.vary = "Sec-CH-Width";
    const auto density = density_of(fields.get("Sec-CH-DPR"), max_density);
    if (replace_part(out.text, "dpr=auto", "dpr=" + density))
        out.vary += out.vary.empty() ? "Sec-CH-DPR" : ", Sec-CH-DPR";
    return out;
}

}  // namespace pixgate::edge
