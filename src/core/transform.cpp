#include "core/transform.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/transform_text.h"

namespace pixgate {

namespace {

constexpr std::array<std::string_view, 6> kFitNames{"scale-down", "contain", "cover",
                                                    "crop",       "pad",     "squeeze"};
constexpr std::array<std::string_view, 6> kFormatNames{"auto", "jpeg", "png",
                                                       "webp", "avif", "gif"};
constexpr std::array<std::string_view, 9> kSideNames{"centre",      "top",          "top-right",
                                                     "right",       "bottom-right", "bottom",
                                                     "bottom-left", "left",         "top-left"};
constexpr std::array<std::string_view, 4> kFlipNames{"", "h", "v", "hv"};
constexpr std::array<std::string_view, 4> kTurnNames{"0", "90", "180", "270"};
constexpr std::array<std::string_view, 2> kTruthNames{"0", "1"};
constexpr std::array<std::string_view, 2> kMetadataNames{"none", "copyright"};
constexpr std::uint32_t kMaxCropPx = 65'535;

// Reads into the draft; false: not a value of this parameter.
using Read = bool (*)(TransformDraft&, std::string_view);
// The value's text; empty where it is the default, so that it is left out.
using Write = std::string (*)(const Transform&);

struct Parameter {
    std::string_view name;
    Read read;
    Write write;
};

template <class T>
bool store(T& target, std::optional<std::uint32_t> value) {
    if (value) target = static_cast<T>(*value);
    return value.has_value();
}
template <auto kField>
bool read_side(TransformDraft& d, std::string_view v) {
    return store(d.transform.*kField, whole_number(v, 1, kMaxOutputSidePx));
}
template <auto kField>
std::string write_number(const Transform& t) {
    return t.*kField == 0 ? "" : std::to_string(t.*kField);
}
template <auto kField, const auto& kNames>
bool read_word(TransformDraft& d, std::string_view v) {
    auto& target = d.transform.*kField;
    const auto i = v.empty() ? std::nullopt : place_of(kNames, v);
    if (i) target = static_cast<std::remove_reference_t<decltype(target)>>(*i);
    return i.has_value();
}
template <auto kField, const auto& kNames>
std::string write_word(const Transform& t) {
    const auto i = static_cast<std::size_t>(t.*kField);
    return i == 0 ? "" : std::string(kNames[i]);
}
template <auto kField, std::uint32_t kMax>
bool read_tenths(TransformDraft& d, std::string_view v) {
    return store(d.transform.*kField, decimal_number(v, 1, 1, kMax));
}
template <auto kField>
std::string write_tenths(const Transform& t) {
    return t.*kField == 0 ? "" : decimal_text(t.*kField, 1);
}
// A factor: 0.8 is -20 %, 1 changes nothing, 1.2 is +20 %.
template <auto kField>
bool read_factor(TransformDraft& d, std::string_view v) {
    const auto n = decimal_number(v, 2, 0, 200);
    if (n) d.transform.*kField = static_cast<std::int8_t>(static_cast<int>(*n) - 100);
    return n.has_value();
}
template <auto kField>
std::string write_factor(const Transform& t) {
    const int percent = t.*kField;
    return percent == 0 ? "" : decimal_text(static_cast<std::uint32_t>(percent + 100), 2);
}

bool read_gravity(TransformDraft& d, std::string_view v) {
    auto& gravity = d.transform.gravity;
    const auto i = place_of(kSideNames, v == "center" ? "centre" : v);
    if (i) {
        gravity = {.kind = static_cast<GravityKind>(*i)};
    } else if (v == "smart") {
        gravity = {.kind = GravityKind::kSmart};
    } else {
        const auto point = focal_point(v);
        if (!point) return false;
        gravity = *point;
    }
    return true;
}
std::string write_gravity(const Transform& t) {
    const auto& g = t.gravity;
    if (g.kind == GravityKind::kCentre) return "";
    if (g.kind == GravityKind::kSmart) return "smart";
    if (g.kind != GravityKind::kPoint)
        return std::string(kSideNames[static_cast<std::size_t>(g.kind)]);
    return decimal_text(g.x_permille, 3) + "x" + decimal_text(g.y_permille, 3);
}

bool read_turn(TransformDraft& d, std::string_view v) {
    const auto i = place_of(kTurnNames, v);
    return store(
        d.transform.rotate_degrees,
        i ? std::optional(static_cast<std::uint32_t>(*i * 90)) : std::nullopt
    );
}

bool read_crop(TransformDraft& d, std::string_view v) {
    std::array<std::uint32_t, 4> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto end = v.find('x');
        const bool is_last = i + 1 == numbers.size();
        if ((end == v.npos) != is_last) return false;
        const auto n = whole_number(v.substr(0, end), i < 2 ? 0 : 1, kMaxCropPx);
        if (!n) return false;
        numbers[i] = *n;
        if (!is_last) v.remove_prefix(end + 1);
    }
    d.transform.crop = {numbers[0], numbers[1], numbers[2], numbers[3]};
    return true;
}
std::string write_crop(const Transform& t) {
    const auto& c = t.crop;
    if (c == CropRect{}) return "";
    return fmt::format("{}x{}x{}x{}", c.left_px, c.top_px, c.width_px, c.height_px);
}

bool read_background(TransformDraft& d, std::string_view v) {
    d.transform.background = colour(v);
    return d.transform.background.has_value();
}
std::string write_background(const Transform& t) {
    if (!t.background) return "";
    return fmt::format(
        "{:02x}{:02x}{:02x}", t.background->red, t.background->green, t.background->blue
    );
}

// "{position, or tile}[:{scale}[:{opacity}]]", both in percent.
bool read_watermark(TransformDraft& d, std::string_view v) {
    Watermark mark{.is_on = true};
    const auto colon = v.find(':');
    const auto place = v.substr(0, colon);
    const auto side = place_of(kSideNames, place == "center" ? "centre" : place);
    if (!side && place != "tile") return false;
    if (side) mark.position = static_cast<GravityKind>(*side);
    mark.is_tiled = !side;
    if (colon != v.npos) {
        v.remove_prefix(colon + 1);
        const auto second = v.find(':');
        if (!store(mark.scale_percent, whole_number(v.substr(0, second), 1, 100))) return false;
        if (second != v.npos &&
            !store(mark.opacity_percent, whole_number(v.substr(second + 1), 1, 100)))
            return false;
    }
    d.transform.watermark = mark;
    return true;
}
std::string write_watermark(const Transform& t) {
    const auto& m = t.watermark;
    if (!m.is_on) return "";
    std::string out(m.is_tiled ? "tile" : kSideNames[static_cast<std::size_t>(m.position)]);
    const bool has_opacity = m.opacity_percent != Watermark{}.opacity_percent;
    if (has_opacity || m.scale_percent != Watermark{}.scale_percent)
        out += fmt::format(":{}", m.scale_percent);
    if (has_opacity) out += fmt::format(":{}", m.opacity_percent);
    return out;
}

bool read_quality(TransformDraft& d, std::string_view v) {
    const auto q = quality(v);
    if (q) d.transform.quality = *q;
    return q.has_value();
}
bool read_dpr(TransformDraft& d, std::string_view v) {
    return store(d.dpr_percent, decimal_number(v, 2, kMinDprPercent, kMaxDprPercent));
}
std::string write_nothing(const Transform&) {
    return "";
}
// Always there, so that the text is never empty.
std::string write_format(const Transform& t) {
    return std::string(kFormatNames[static_cast<std::size_t>(t.format)]);
}

using T = Transform;

// Every parameter there is, in the order of the canonical text.
constexpr std::array kParameters{
    Parameter{"w", read_side<&T::width_px>, write_number<&T::width_px>},
    Parameter{"h", read_side<&T::height_px>, write_number<&T::height_px>},
    Parameter{"fit", read_word<&T::fit, kFitNames>, write_word<&T::fit, kFitNames>},
    Parameter{"enlarge", read_word<&T::enlarge, kTruthNames>, write_word<&T::enlarge, kTruthNames>},
    Parameter{"gravity", read_gravity, write_gravity},
    Parameter{"rotate", read_turn, write_number<&T::rotate_degrees>},
    Parameter{"flip", read_word<&T::flip, kFlipNames>, write_word<&T::flip, kFlipNames>},
    Parameter{
        "trim",
        [](TransformDraft& d, std::string_view v) {
            return store(d.transform.trim_tolerance, whole_number(v, 1, 255));
        },
        write_number<&T::trim_tolerance>
    },
    Parameter{"crop", read_crop, write_crop},
    Parameter{"background", read_background, write_background},
    Parameter{"blur", read_tenths<&T::blur_tenths, kMaxBlurTenths>, write_tenths<&T::blur_tenths>},
    Parameter{
        "sharpen", read_tenths<&T::sharpen_tenths, kMaxSharpenTenths>,
        write_tenths<&T::sharpen_tenths>
    },
    Parameter{
        "brightness", read_factor<&T::brightness_percent>, write_factor<&T::brightness_percent>
    },
    Parameter{"contrast", read_factor<&T::contrast_percent>, write_factor<&T::contrast_percent>},
    Parameter{
        "saturation", read_factor<&T::saturation_percent>, write_factor<&T::saturation_percent>
    },
    Parameter{
        "grayscale", read_word<&T::grayscale, kTruthNames>, write_word<&T::grayscale, kTruthNames>
    },
    Parameter{"watermark", read_watermark, write_watermark},
    Parameter{"anim", read_word<&T::animate, kTruthNames>, write_word<&T::animate, kTruthNames>},
    Parameter{"q", read_quality, write_number<&T::quality>},
    Parameter{"dpr", read_dpr, write_nothing},
    Parameter{
        "metadata", read_word<&T::metadata, kMetadataNames>, write_word<&T::metadata, kMetadataNames>
    },
    Parameter{"f", read_word<&T::format, kFormatNames>, write_format},
};

bool is_listed_side(std::uint32_t px) {
    return px == 0 || std::ranges::find(kListedWidths, px) != kListedWidths.end();
}

std::unexpected<Error> refuse(std::string_view name, std::string_view why) {
    const std::string shown(name.substr(0, 16));
    return fail(Errc::kInvalidArgument, fmt::format("parameter '{}' {}", shown, why), shown);
}

}  // namespace

Result<Transform> parse_transform(std::string_view text) {
    TransformDraft draft;
    std::array<bool, kParameters.size()> seen{};
    while (true) {
        const auto comma = text.find(',');
        const auto item = text.substr(0, comma);
        const auto eq = item.find('=');
        const auto name = item.substr(0, eq);
        const auto parameter = std::ranges::find(kParameters, name, &Parameter::name);
        if (parameter == kParameters.end()) return refuse(name, "is unknown");
        bool& is_seen = seen[static_cast<std::size_t>(parameter - kParameters.begin())];
        if (eq == item.npos) return refuse(name, "has no value");
        if (is_seen) return refuse(name, "is repeated");
        if (!parameter->read(draft, item.substr(eq + 1))) return refuse(name, "is out of range");
        is_seen = true;
        if (comma == text.npos) break;
        text.remove_prefix(comma + 1);
    }
    return finished(draft);
}

std::string canonical(const Transform& transform) {
    const Transform t = normalised(transform);
    std::string out;
    for (const auto& parameter : kParameters) {
        const std::string value = parameter.write(t);
        if (value.empty()) continue;
        if (!out.empty()) out += ',';
        out.append(parameter.name).append("=").append(value);
    }
    return out;
}

bool is_listed(const Transform& transform) {
    const Transform t = normalised(transform);
    if (t.width_px == 0 && t.height_px == 0) return false;
    if (t.gravity.kind == GravityKind::kPoint) return false;
    const Transform plain{
        .width_px = t.width_px,
        .height_px = t.height_px,
        .fit = t.fit,
        .enlarge = t.enlarge,
        .gravity = t.gravity,
        .format = t.format
    };
    return is_listed_side(t.width_px) && is_listed_side(t.height_px) && t == plain;
}

std::optional<std::uint32_t> listed_width_for(std::uint32_t px) {
    if (px == 0) return 0;
    const auto it = std::ranges::lower_bound(kListedWidths, px);
    if (it == kListedWidths.end()) return std::nullopt;
    return *it;
}

}  // namespace pixgate
