#include "core/transform.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/encoding.h"

namespace pixgate {

namespace {

constexpr std::array<std::string_view, 6> kFitNames{"scale-down", "contain", "cover",
                                                    "crop",       "pad",     "squeeze"};
constexpr std::array<std::string_view, 6> kFormatNames{"auto", "jpeg", "png",
                                                       "webp", "avif", "gif"};

constexpr Preset cover(std::string_view name, std::uint32_t side) {
    return {name, {.width_px = side, .height_px = side, .fit = Fit::kCover}};
}
constexpr Preset wide(std::string_view name, std::uint32_t w) {
    return {name, {.width_px = w}};
}

constexpr std::array kPresets{
    cover("thumb", 256), cover("avatar", 128), wide("w320", 320),   wide("w640", 640),
    wide("w960", 960),   wide("w1280", 1280),  wide("w1600", 1600), wide("w2048", 2048),
};

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t max) {
    if (text.empty() || text.size() > 5 || text.front() == '0') return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return value <= max ? std::optional(value) : std::nullopt;
}

template <std::size_t N>
std::optional<std::size_t> index_of(
    const std::array<std::string_view, N>& names, std::string_view name
) {
    const auto it = std::ranges::find(names, name);
    if (it == names.end()) return std::nullopt;
    return static_cast<std::size_t>(it - names.begin());
}

bool set_parameter(Transform& t, std::string_view name, std::string_view value) {
    if (name == "w" || name == "h") {
        const auto n = number(value, kMaxOutputSidePx);
        if (n) (name == "w" ? t.width_px : t.height_px) = *n;
        return n.has_value();
    }
    if (name == "q") {
        const auto n = number(value, 100);
        if (n) t.quality = static_cast<std::uint8_t>(*n);
        return n.has_value();
    }
    if (name == "fit") {
        const auto i = index_of(kFitNames, value);
        if (i) t.fit = static_cast<Fit>(*i);
        return i.has_value();
    }
    if (name == "f") {
        const auto i = index_of(kFormatNames, value);
        if (i) t.format = static_cast<OutputFormat>(*i);
        return i.has_value();
    }
    return false;
}

bool is_listed_side(std::uint32_t px) {
    return px == 0 || std::ranges::find(kListedWidths, px) != kListedWidths.end();
}

}  // namespace

Result<Transform> parse_transform(std::string_view text) {
    Transform t;
    std::string seen = ",";
    while (true) {
        const auto comma = text.find(',');
        const auto item = text.substr(0, comma);
        const auto eq = item.find('=');
        const auto name = item.substr(0, eq);
        const std::string shown(name.substr(0, 16));
        const std::string marked = "," + std::string(name) + ",";
        if (eq == item.npos || seen.find(marked) != seen.npos) {
            return fail(
                Errc::kInvalidArgument,
                fmt::format("parameter '{}' is repeated or has no value", shown), shown
            );
        }
        if (!set_parameter(t, name, item.substr(eq + 1))) {
            return fail(
                Errc::kInvalidArgument,
                fmt::format("parameter '{}' is unknown or out of range", shown), shown
            );
        }
        seen += marked.substr(1);
        if (comma == text.npos) break;
        text.remove_prefix(comma + 1);
    }
    const bool needs_box = t.fit == Fit::kCover || t.fit == Fit::kPad;
    if (needs_box && (t.width_px == 0 || t.height_px == 0)) {
        return fail(Errc::kInvalidArgument, "fit=cover and fit=pad need w and h", "fit");
    }
    return t;
}

std::string canonical(const Transform& t) {
    std::string out;
    const auto add = [&out](std::string_view name, auto value) {
        fmt::format_to(std::back_inserter(out), "{}{}={}", out.empty() ? "" : ",", name, value);
    };
    if (t.width_px != 0) add("w", t.width_px);
    if (t.height_px != 0) add("h", t.height_px);
    if (t.fit != Fit::kScaleDown) add("fit", kFitNames[static_cast<std::size_t>(t.fit)]);
    if (t.quality != 0) add("q", t.quality);
    // The format is always there, so that the text is never empty.
    add("f", kFormatNames[static_cast<std::size_t>(t.format)]);
    return out;
}

std::span<const Preset> presets() {
    return kPresets;
}

std::optional<Transform> find_preset(std::string_view name) {
    for (const auto& preset : kPresets) {
        if (preset.name == name) return preset.transform;
    }
    return std::nullopt;
}

bool is_listed(const Transform& t) {
    return is_listed_side(t.width_px) && is_listed_side(t.height_px) && t.quality == 0 &&
           (t.width_px != 0 || t.height_px != 0);
}

OutputFormat negotiate(std::string_view accept, bool has_alpha) {
    while (!accept.empty()) {
        const auto comma = accept.find(',');
        const auto item = accept.substr(0, comma);
        const auto semicolon = item.find(';');
        if (equal_ignoring_case(trim(item.substr(0, semicolon)), "image/webp")) {
            const auto rest = semicolon == item.npos ? std::string_view() : item.substr(semicolon);
            const auto q = rest.find("q=");
            const bool is_refused =
                q != rest.npos && rest.substr(q + 2).find_first_not_of("0. \t") == rest.npos;
            if (!is_refused) return OutputFormat::kWebp;
        }
        accept = comma == accept.npos ? std::string_view() : accept.substr(comma + 1);
    }
    return has_alpha ? OutputFormat::kPng : OutputFormat::kJpeg;
}

std::uint8_t quality_of(const Transform& t) {
    if (t.quality != 0) return t.quality;
    return t.format == OutputFormat::kAvif ? 60 : 80;
}

std::string_view content_type_of(OutputFormat format) {
    switch (format) {
        case OutputFormat::kPng:
            return "image/png";
        case OutputFormat::kWebp:
            return "image/webp";
        case OutputFormat::kAvif:
            return "image/avif";
        case OutputFormat::kGif:
            return "image/gif";
        default:
            return "image/jpeg";
    }
}

}  // namespace pixgate
