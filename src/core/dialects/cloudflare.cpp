// /{name=value,…}/{source}, behind /cdn-cgi/image. Source: Cloudflare Images, "Transform via URL".
#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "core/dialects/dialect.h"

namespace pixgate::dialects {

namespace {

// In the order of Fit, and one more that is crop here.
constexpr std::array<std::string_view, 7> kFits{"scale-down", "contain", "cover",      "crop",
                                                "pad",        "squeeze", "aspect-crop"};
constexpr std::array<std::string_view, 5> kSides{"top", "right", "bottom", "left", "center"};
constexpr std::array<GravityKind, 5> kSideKinds{
    GravityKind::kTop, GravityKind::kRight, GravityKind::kBottom, GravityKind::kLeft,
    GravityKind::kCentre
};

bool read_fit(std::string_view v, TransformDraft& d) {
    const auto i = place_of(kFits, v);
    if (!i) return false;
    d.transform.fit = v == "aspect-crop" ? Fit::kCrop : static_cast<Fit>(*i);
    // All but these two enlarge there.
    d.transform.enlarge = d.transform.fit != Fit::kScaleDown && d.transform.fit != Fit::kCrop;
    return true;
}
bool read_gravity(std::string_view v, TransformDraft& d) {
    auto& gravity = d.transform.gravity;
    if (v == "auto") {
        gravity = {.kind = GravityKind::kSmart};
        return true;
    }
    if (const auto i = place_of(kSides, v)) {
        gravity = {.kind = kSideKinds[*i]};
        return true;
    }
    const auto point = focal_point(v);
    if (point) gravity = *point;
    return point.has_value();
}
bool read_format(std::string_view v, TransformDraft& d) {
    if (v == "auto") return true;
    const bool is_theirs = v == "avif" || v == "webp" || v == "jpeg" || v == "baseline-jpeg";
    if (is_theirs) d.transform.format = *format_of_extension(v == "baseline-jpeg" ? "jpeg" : v);
    return is_theirs;
}
bool read_flip(std::string_view v, TransformDraft& d) {
    constexpr std::array<std::string_view, 3> kFlips{"h", "v", "hv"};
    const auto i = place_of(kFlips, v);
    if (i) d.transform.flip = static_cast<Flip>(*i + 1);
    return i.has_value();
}
bool read_rotate(std::string_view v, TransformDraft& d) {
    const auto n = whole_number(v, 0, 270);
    if (!n || *n % 90 != 0) return false;
    return store(d.transform.rotate_degrees, n);
}
bool read_quality(std::string_view v, TransformDraft& d) {
    const auto q = quality(v);
    if (q) d.transform.quality = *q;
    return q.has_value();
}
bool read_background(std::string_view v, TransformDraft& d) {
    if (v.starts_with('#')) v.remove_prefix(1);
    d.transform.background = colour(v);
    return d.transform.background.has_value();
}
// Their blur is a radius of 1 to 250, ours a sigma of up to 100.
bool read_blur(std::string_view v, TransformDraft& d) {
    const auto n = whole_number(v, 1, 250);
    if (n) d.transform.blur_tenths = static_cast<std::uint16_t>(*n * 4);
    return n.has_value();
}
template <auto kField>
bool read_factor(std::string_view v, TransformDraft& d) {
    const auto n = decimal_number(v, 2, 0, 200);
    if (n) d.transform.*kField = static_cast<std::int8_t>(static_cast<int>(*n) - 100);
    return n.has_value();
}
bool read_metadata(std::string_view v, TransformDraft& d) {
    if (v != "none" && v != "copyright") return false;
    d.transform.metadata = v == "none" ? KeepMetadata::kNone : KeepMetadata::kCopyright;
    return true;
}
bool read_anim(std::string_view v, TransformDraft& d) {
    d.transform.animate = v == "true";
    return v == "true" || v == "false";
}

struct Option {
    std::string_view name;
    std::string_view short_name;
    bool (*read)(std::string_view, TransformDraft&);
};

using T = Transform;
constexpr std::array kOptions{
    Option{
        "width", "w",
        [](std::string_view v, TransformDraft& d) {
            return store(d.transform.width_px, whole_number(v, 1, kMaxOutputSidePx));
        }
    },
    Option{
        "height", "h",
        [](std::string_view v, TransformDraft& d) {
            return store(d.transform.height_px, whole_number(v, 1, kMaxOutputSidePx));
        }
    },
    Option{
        "dpr", "dpr",
        [](std::string_view v, TransformDraft& d) {
            return store(d.dpr_percent, decimal_number(v, 2, kMinDprPercent, kMaxDprPercent));
        }
    },
    Option{"fit", "fit", read_fit},
    Option{"gravity", "g", read_gravity},
    Option{"quality", "q", read_quality},
    Option{"format", "f", read_format},
    Option{"anim", "anim", read_anim},
    Option{"background", "background", read_background},
    Option{"blur", "blur", read_blur},
    Option{"brightness", "brightness", read_factor<&T::brightness_percent>},
    Option{"contrast", "contrast", read_factor<&T::contrast_percent>},
    Option{"saturation", "saturation", read_factor<&T::saturation_percent>},
    Option{
        "sharpen", "sharpen",
        [](std::string_view v, TransformDraft& d) {
            return store(d.transform.sharpen_tenths, decimal_number(v, 1, 0, kMaxSharpenTenths));
        }
    },
    Option{"flip", "flip", read_flip},
    Option{"rotate", "rotate", read_rotate},
    Option{"metadata", "metadata", read_metadata},
    // Hints about speed, which change no picture of ours.
    Option{
        "compression", "compression",
        [](std::string_view v, TransformDraft&) { return v == "fast"; }
    },
    Option{
        "onerror", "onerror", [](std::string_view v, TransformDraft&) { return v == "redirect"; }
    },
};

}  // namespace

Result<Asked> read_cloudflare(std::string_view path, std::string_view, const Settings&) {
    const auto slash = path.starts_with('/') ? path.find('/', 1) : path.npos;
    if (slash == path.npos) return fail(Errc::kNotFound, "no such path");
    TRY(const std::string options, percent_decode(path.substr(1, slash - 1)));
    TRY(const std::string source, percent_decode(path.substr(slash + 1)));
    TRY(const auto items, parts_of(options, ','));
    TransformDraft draft;
    std::array<bool, kOptions.size()> seen{};
    for (const auto item : items) {
        const auto eq = item.find('=');
        const auto name = item.substr(0, eq);
        const auto option = std::ranges::find_if(kOptions, [&](const Option& o) {
            return o.name == name || o.short_name == name;
        });
        if (option == kOptions.end() || eq == item.npos) return wrong_option(name);
        bool& is_seen = seen[static_cast<std::size_t>(option - kOptions.begin())];
        if (is_seen || !option->read(item.substr(eq + 1), draft)) return wrong_option(name);
        is_seen = true;
    }
    Transform& t = draft.transform;
    t.flip = after_turn(t.flip, t.rotate_degrees);
    // Without a box there, the fit says nothing.
    const bool has_box = t.width_px != 0 && t.height_px != 0;
    if (!has_box && t.fit != Fit::kScaleDown && t.fit != Fit::kCrop) t.fit = Fit::kContain;
    if (!has_box && t.fit == Fit::kCrop) t.fit = Fit::kScaleDown;
    Asked out;
    TRY(out.transform, finished(draft));
    TRY(out.id, own_image(source));
    return out;
}

}  // namespace pixgate::dialects
