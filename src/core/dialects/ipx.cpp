// /{name_value,…}/{source}, or /{name_value&…}/{source}; "_" for no change. Source: ipx,
// "Modifiers".
#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "core/dialects/dialect.h"

namespace pixgate::dialects {

namespace {

struct State {
    TransformDraft draft;
    std::string_view fit;
};

bool read_size(std::string_view v, State& s) {
    const auto cross = v.find('x');
    if (cross == v.npos) return false;
    Transform& t = s.draft.transform;
    return store(t.width_px, whole_number(v.substr(0, cross), 1, kMaxOutputSidePx)) &&
           store(t.height_px, whole_number(v.substr(cross + 1), 1, kMaxOutputSidePx));
}
bool read_fit(std::string_view v, State& s) {
    s.fit = v;
    constexpr std::array<std::string_view, 4> kFits{"cover", "contain", "fill", "inside"};
    return place_of(kFits, v).has_value();
}
bool read_position(std::string_view v, State& s) {
    // In the order of GravityKind.
    constexpr std::array<std::string_view, 9> kPlaces{"center",      "top",          "right top",
                                                      "right",       "right bottom", "bottom",
                                                      "left bottom", "left",         "left top"};
    auto& gravity = s.draft.transform.gravity;
    if (v == "attention" || v == "entropy") {
        gravity = {.kind = GravityKind::kSmart};
        return true;
    }
    const auto i = place_of(kPlaces, v == "centre" ? "center" : v);
    if (i) gravity = {.kind = static_cast<GravityKind>(*i)};
    return i.has_value();
}
bool read_format(std::string_view v, State& s) {
    if (v == "auto") return true;
    const auto format = format_of_extension(v);
    if (format) s.draft.transform.format = *format;
    return format.has_value();
}
bool read_rotate(std::string_view v, State& s) {
    const auto n = whole_number(v, 0, 270);
    if (!n || *n % 90 != 0) return false;
    return store(s.draft.transform.rotate_degrees, n);
}
bool read_extract(std::string_view v, State& s) {
    const auto numbers = parts_of(v, '_');
    if (!numbers || numbers->size() != 4) return false;
    std::array<std::uint32_t, 4> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (!store(out[i], whole_number((*numbers)[i], i < 2 ? 0 : 1, 65'535))) return false;
    }
    s.draft.transform.crop = {out[0], out[1], out[2], out[3]};
    return true;
}
bool read_background(std::string_view v, State& s) {
    s.draft.transform.background = colour(v);
    return s.draft.transform.background.has_value();
}
bool mirror(State& s, Flip way) {
    auto& flip = s.draft.transform.flip;
    flip = static_cast<Flip>(static_cast<unsigned>(flip) | static_cast<unsigned>(way));
    return true;
}
bool is_plain(std::string_view v) {
    return v.empty() || v == "true";
}

struct Modifier {
    std::string_view name;
    std::string_view other_name;
    bool (*read)(std::string_view, State&);
};

constexpr std::array kModifiers{
    Modifier{
        "width", "w",
        [](std::string_view v, State& s) {
            return store(s.draft.transform.width_px, whole_number(v, 1, kMaxOutputSidePx));
        }
    },
    Modifier{
        "height", "h",
        [](std::string_view v, State& s) {
            return store(s.draft.transform.height_px, whole_number(v, 1, kMaxOutputSidePx));
        }
    },
    Modifier{"resize", "s", read_size},
    Modifier{"fit", "fit", read_fit},
    Modifier{"position", "pos", read_position},
    Modifier{
        "quality", "q",
        [](std::string_view v, State& s) {
            return store(s.draft.transform.quality, whole_number(v, 1, 100));
        }
    },
    Modifier{"format", "f", read_format},
    Modifier{
        "enlarge", "enlarge",
        [](std::string_view v, State& s) { return s.draft.transform.enlarge = is_plain(v); }
    },
    Modifier{"extract", "crop", read_extract},
    Modifier{"rotate", "rotate", read_rotate},
    Modifier{
        "flip", "flip",
        [](std::string_view v, State& s) { return is_plain(v) && mirror(s, Flip::kVertical); }
    },
    Modifier{
        "flop", "flop",
        [](std::string_view v, State& s) { return is_plain(v) && mirror(s, Flip::kHorizontal); }
    },
    Modifier{
        "blur", "blur",
        [](std::string_view v, State& s) {
            return store(s.draft.transform.blur_tenths, decimal_number(v, 1, 1, kMaxBlurTenths));
        }
    },
    Modifier{
        "sharpen", "sharpen",
        [](std::string_view v, State& s) {
            return store(
                s.draft.transform.sharpen_tenths, decimal_number(v, 1, 1, kMaxSharpenTenths)
            );
        }
    },
    Modifier{
        "trim", "trim",
        [](std::string_view v, State& s) {
            return store(s.draft.transform.trim_tolerance, whole_number(v, 1, 255));
        }
    },
    Modifier{
        "grayscale", "grayscale",
        [](std::string_view v, State& s) { return s.draft.transform.grayscale = is_plain(v); }
    },
    Modifier{
        "animated", "a",
        [](std::string_view v, State& s) { return s.draft.transform.animate = is_plain(v); }
    },
    Modifier{"background", "b", read_background},
};

Fit fit_of(const State& s) {
    const Transform& t = s.draft.transform;
    if (t.width_px == 0 || t.height_px == 0 || s.fit == "inside") return Fit::kContain;
    if (s.fit == "contain") return Fit::kPad;
    return s.fit == "fill" ? Fit::kSqueeze : Fit::kCover;
}

Result<void> read_modifiers(std::string_view text, State& state) {
    if (text == "_") return {};
    TRY(const auto items, parts_of(text, ','));
    std::array<bool, kModifiers.size()> seen{};
    for (const auto item : items) {
        const auto end = item.find('_');
        const auto name = item.substr(0, end);
        const auto value = end == item.npos ? std::string_view() : item.substr(end + 1);
        const auto modifier = std::ranges::find_if(kModifiers, [&](const Modifier& m) {
            return m.name == name || m.other_name == name;
        });
        if (modifier == kModifiers.end()) return wrong_option(name);
        bool& is_seen = seen[static_cast<std::size_t>(modifier - kModifiers.begin())];
        if (is_seen || !modifier->read(value, state)) return wrong_option(name);
        is_seen = true;
    }
    return {};
}

}  // namespace

Result<Asked> read_ipx(std::string_view path, std::string_view, const Settings&) {
    const auto slash = path.starts_with('/') ? path.find('/', 1) : path.npos;
    if (slash == path.npos) return fail(Errc::kNotFound, "no such path");
    TRY(std::string modifiers, percent_decode(path.substr(1, slash - 1)));
    // Nuxt Image writes "w_200&f_webp"; a name ends at any of "_", ":" and "=".
    std::ranges::replace(modifiers, '&', ',');
    std::ranges::replace_if(modifiers, [](char c) { return c == ':' || c == '='; }, '_');
    TRY(const std::string source, percent_decode(path.substr(slash + 1)));
    State state;
    CHECK_OK(read_modifiers(modifiers, state));
    Transform& t = state.draft.transform;
    t.fit = fit_of(state);
    // There the part is taken before the turn, or after it where it is written so; ours is after.
    const bool is_turned = t.rotate_degrees != 0 || t.flip != Flip::kNone;
    if (is_turned && t.crop != CropRect{}) return wrong_option("extract");
    t.flip = after_turn(t.flip, t.rotate_degrees);
    Asked out;
    TRY(out.transform, finished(state.draft));
    TRY(out.id, own_image(source));
    return out;
}

}  // namespace pixgate::dialects
