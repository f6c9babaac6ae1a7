// /{signature}/{option:arg:…}/…/plain/{source}@{extension} or …/{base64url source}.{extension}
// Source: imgproxy, "Processing an image" and "Signing a URL".
#include <algorithm>
#include <array>

#include "base/crypto.h"
#include "base/encoding.h"
#include "core/dialects/dialect.h"

namespace pixgate::dialects {

namespace {

enum class Type : std::uint8_t { kFit, kFill, kFillDown, kForce };
constexpr std::array<std::string_view, 4> kTypes{"fit", "fill", "fill-down", "force"};
// In the order of GravityKind.
constexpr std::array<std::string_view, 9> kGravities{"ce", "no",   "noea", "ea",  "soea",
                                                     "so", "sowe", "we",   "nowe"};
constexpr std::array<std::string_view, 3> kNoSignatures{"insecure", "unsafe", "_"};

struct State {
    const Presets& presets;
    TransformDraft draft{.dpr_grows_blur = false};
    Type type = Type::kFit;
    bool extend = false;
    Gravity extend_gravity{};
    bool strip_metadata = true;
    bool keep_copyright = false;
    std::optional<std::int64_t> expires_at_s{};
};

using Args = std::vector<std::string_view>;

std::string_view arg(const Args& args, std::size_t i) {
    return i < args.size() ? args[i] : std::string_view();
}

bool read_truth(std::string_view text, bool& into) {
    const bool is_true = text == "1" || text == "t" || text == "true";
    if (!is_true && text != "0" && text != "f" && text != "false") return false;
    into = is_true;
    return true;
}
bool read_side(std::string_view text, std::uint32_t& into) {
    const auto n = whole_number(text, 0, kMaxOutputSidePx);
    if (n) into = *n;
    return n.has_value();
}
bool read_type(std::string_view text, State& s) {
    const auto i = place_of(kTypes, text);
    if (i) s.type = static_cast<Type>(*i);
    return i.has_value();
}
bool read_offsets(const Args& args, std::size_t from) {
    for (std::size_t i = from; i < args.size(); ++i) {
        if (!args[i].empty() && args[i] != "0") return false;
    }
    return true;
}

// Width, height, enlarge, extend from args[first] on; what is empty stays as it was.
bool read_size(const Args& args, std::size_t first, State& s) {
    Transform& t = s.draft.transform;
    const auto is_good = [&](std::size_t i, auto read) {
        const auto text = arg(args, first + i);
        return text.empty() || read(text);
    };
    return args.size() <= first + 4 &&
           is_good(0, [&](auto text) { return read_side(text, t.width_px); }) &&
           is_good(1, [&](auto text) { return read_side(text, t.height_px); }) &&
           is_good(2, [&](auto text) { return read_truth(text, t.enlarge); }) &&
           is_good(3, [&](auto text) { return read_truth(text, s.extend); });
}

bool read_resize(const Args& args, State& s) {
    return (arg(args, 0).empty() || read_type(args[0], s)) && read_size(args, 1, s);
}

bool read_gravity_into(Gravity& gravity, const Args& args) {
    if (args[0] == "fp") {
        const auto x = decimal_number(arg(args, 1), 3, 0, 1'000);
        const auto y = decimal_number(arg(args, 2), 3, 0, 1'000);
        if (!x || !y || args.size() != 3) return false;
        gravity = {
            GravityKind::kPoint, static_cast<std::uint16_t>(*x), static_cast<std::uint16_t>(*y)
        };
        return true;
    }
    if (args[0] == "sm" && args.size() == 1) {
        gravity = {.kind = GravityKind::kSmart};
        return true;
    }
    const auto i = place_of(kGravities, args[0]);
    if (!i || !read_offsets(args, 1) || args.size() > 3) return false;
    gravity = {.kind = static_cast<GravityKind>(*i)};
    return true;
}

bool read_gravity(const Args& args, State& s) {
    return read_gravity_into(s.draft.transform.gravity, args);
}

// {extend}:{gravity…}, which is not that of cuts, and never smart.
bool read_extend(const Args& args, State& s) {
    s.extend_gravity = {};
    if (!read_truth(args[0], s.extend)) return false;
    return args.size() == 1 ||
           (args[1] != "sm" && read_gravity_into(s.extend_gravity, {args.begin() + 1, args.end()}));
}

// Only from the upper left corner: where other gravities put it depends on the picture.
bool read_crop(const Args& args, State& s) {
    constexpr std::uint32_t kMax = 65'535;
    if (args.size() != 5 || args[2] != "nowe") return false;
    const auto width = whole_number(args[0], 1, kMax);
    const auto height = whole_number(args[1], 1, kMax);
    const auto left = whole_number(args[3], 0, kMax);
    const auto top = whole_number(args[4], 0, kMax);
    if (!width || !height || !left || !top) return false;
    s.draft.transform.crop = {*left, *top, *width, *height};
    return true;
}

bool read_background(const Args& args, State& s) {
    auto& background = s.draft.transform.background;
    if (args.size() == 1) {
        background = colour(args[0]);
    } else {
        const auto r = whole_number(args[0], 0, 255);
        const auto g = whole_number(arg(args, 1), 0, 255);
        const auto b = whole_number(arg(args, 2), 0, 255);
        if (!r || !g || !b || args.size() != 3) return false;
        background =
            Rgb{static_cast<std::uint8_t>(*r), static_cast<std::uint8_t>(*g),
                static_cast<std::uint8_t>(*b)};
    }
    return background.has_value();
}

// {opacity 0..1}:{place}:{x}:{y}:{scale 0..1}
bool read_watermark(const Args& args, State& s) {
    Watermark mark{.is_on = true};
    const auto opacity = decimal_number(args[0], 2, 0, 100);
    if (!opacity || args.size() > 5) return false;
    mark.opacity_percent = static_cast<std::uint8_t>(*opacity);
    mark.is_on = *opacity != 0;
    mark.position = GravityKind::kCentre;
    if (const auto place = arg(args, 1); !place.empty()) {
        const auto i = place_of(kGravities, place);
        if (!i && place != "re") return false;
        if (i) mark.position = static_cast<GravityKind>(*i);
        mark.is_tiled = !i;
    }
    if (!read_offsets({arg(args, 2), arg(args, 3)}, 0)) return false;
    // Without a scale it keeps the size of its file there; ours always goes by the picture's.
    const auto scale = decimal_number(arg(args, 4), 2, 1, 100);
    if (mark.is_on && !scale) return false;
    mark.scale_percent = static_cast<std::uint8_t>(scale.value_or(mark.scale_percent));
    s.draft.transform.watermark = mark;
    return true;
}

bool read_flip(const Args& args, State& s) {
    bool horizontal = false;
    bool vertical = false;
    const bool is_good =
        read_truth(args[0], horizontal) && (arg(args, 1).empty() || read_truth(args[1], vertical));
    s.draft.transform.flip = static_cast<Flip>((horizontal ? 1 : 0) + (vertical ? 2 : 0));
    return is_good && args.size() <= 2;
}
bool read_rotate(const Args& args, State& s) {
    const auto n = whole_number(args[0], 0, 360);
    if (!n || *n % 90 != 0) return false;
    return store(s.draft.transform.rotate_degrees, *n % 360);
}
bool read_format(const Args& args, State& s) {
    const auto format = format_of_extension(args[0]);
    if (format) s.draft.transform.format = *format;
    return format.has_value();
}
bool read_quality(const Args& args, State& s) {
    return store(s.draft.transform.quality, whole_number(args[0], 0, 100));
}
bool read_dpr(const Args& args, State& s) {
    return store(s.draft.dpr_percent, decimal_number(args[0], 2, kMinDprPercent, kMaxDprPercent));
}
bool read_blur(const Args& args, State& s) {
    return store(s.draft.transform.blur_tenths, decimal_number(args[0], 1, 0, kMaxBlurTenths));
}
bool read_sharpen(const Args& args, State& s) {
    return store(
        s.draft.transform.sharpen_tenths, decimal_number(args[0], 1, 0, kMaxSharpenTenths)
    );
}
bool read_trim(const Args& args, State& s) {
    return store(s.draft.transform.trim_tolerance, whole_number(args[0], 1, 255));
}
bool read_expires(const Args& args, State& s) {
    // Until 2100, in seconds.
    const auto n = args[0].size() == 10 ? decimal_number(args[0].substr(0, 9), 0, 0, 410'244'480)
                                        : std::nullopt;
    const auto last = n ? whole_number(args[0].substr(9), 0, 9) : std::nullopt;
    if (!last) return false;
    s.expires_at_s = std::int64_t{*n} * 10 + *last;
    return true;
}

// What a preset of ours says replaces what stands before it, as their own presets do.
void apply_preset(const Transform& preset, State& s) {
    lay_over(s.draft.transform, preset);
    if (preset.metadata == KeepMetadata::kCopyright) s.keep_copyright = true;
    if (preset.fit == Fit::kScaleDown) return;
    s.extend = preset.fit == Fit::kPad;
    if (s.extend) s.extend_gravity = preset.gravity;
    switch (preset.fit) {
        case Fit::kCover:
        case Fit::kCrop:
            s.type = Type::kFill;
            break;
        case Fit::kSqueeze:
            s.type = Type::kForce;
            break;
        default:
            s.type = Type::kFit;
            break;
    }
}

bool read_presets(const Args& args, State& s) {
    for (const auto name : args) {
        const auto preset = s.presets.find(name);
        if (!preset) return false;
        apply_preset(*preset, s);
    }
    return true;
}

struct Option {
    std::string_view name;
    std::string_view short_name;
    bool (*read)(const Args&, State&);
    std::size_t max_args;
};

constexpr std::array kOptions{
    Option{"resize", "rs", read_resize, 5},
    Option{"size", "s", [](const Args& a, State& s) { return read_size(a, 0, s); }, 4},
    Option{"resizing_type", "rt", [](const Args& a, State& s) { return read_type(a[0], s); }, 1},
    Option{
        "width", "w",
        [](const Args& a, State& s) { return read_side(a[0], s.draft.transform.width_px); }, 1
    },
    Option{
        "height", "h",
        [](const Args& a, State& s) { return read_side(a[0], s.draft.transform.height_px); }, 1
    },
    Option{
        "enlarge", "el",
        [](const Args& a, State& s) { return read_truth(a[0], s.draft.transform.enlarge); }, 1
    },
    Option{"extend", "ex", read_extend, 4},
    Option{"preset", "pr", read_presets, 8},
    Option{"dpr", "dpr", read_dpr, 1},
    Option{"gravity", "g", read_gravity, 3},
    Option{"crop", "c", read_crop, 5},
    Option{"trim", "t", read_trim, 1},
    Option{"rotate", "rot", read_rotate, 1},
    Option{"flip", "fl", read_flip, 2},
    Option{"background", "bg", read_background, 3},
    Option{"blur", "bl", read_blur, 1},
    Option{"sharpen", "sh", read_sharpen, 1},
    Option{"watermark", "wm", read_watermark, 5},
    Option{"quality", "q", read_quality, 1},
    Option{"format", "f", read_format, 1},
    Option{"ext", "ext", read_format, 1},
    Option{
        "strip_metadata", "sm",
        [](const Args& a, State& s) {
            return read_truth(a[0], s.strip_metadata) && s.strip_metadata;
        },
        1
    },
    Option{
        "keep_copyright", "kcr",
        [](const Args& a, State& s) { return read_truth(a[0], s.keep_copyright); }, 1
    },
    Option{"expires", "exp", read_expires, 1},
    Option{"cachebuster", "cb", [](const Args&, State&) { return true; }, 1},
};

Result<void> read_option(std::string_view text, State& state) {
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    const auto option = std::ranges::find_if(kOptions, [&](const Option& o) {
        return o.name == name || o.short_name == name;
    });
    if (option == kOptions.end()) return wrong_option(name);
    TRY(const Args args, parts_of(text.substr(colon + 1), ':'));
    if (args.size() > option->max_args || !option->read(args, state)) return wrong_option(name);
    return {};
}

Result<Transform> settle(State& s) {
    Transform& t = s.draft.transform;
    const bool has_box = t.width_px != 0 && t.height_px != 0;
    const bool has_side = t.width_px != 0 || t.height_px != 0;
    // The side that is not said stays the picture's own there.
    if (s.type == Type::kForce && has_side && !has_box) return wrong_option("resizing_type");
    // Only a picture inside of a whole box is put on a canvas here; elsewhere that is no loss where
    // the size is reached anyway.
    const bool is_reached = t.enlarge && s.type != Type::kFillDown;
    const bool is_padded = has_box && s.type == Type::kFit;
    if (s.extend && has_side && !is_padded && !is_reached) return wrong_option("extend");
    const auto fit_of = [&] {
        if (s.extend && has_box && s.type == Type::kFit) return Fit::kPad;
        if (!has_box || s.type == Type::kFit) return Fit::kContain;
        if (s.type == Type::kForce) return Fit::kSqueeze;
        return s.type == Type::kFill ? Fit::kCover : Fit::kCrop;
    };
    t.fit = fit_of();
    if (t.fit == Fit::kPad) t.gravity = s.extend_gravity;
    t.metadata = s.keep_copyright ? KeepMetadata::kCopyright : KeepMetadata::kNone;
    const bool is_turned = t.rotate_degrees != 0 || t.flip != Flip::kNone;
    if (is_turned && t.crop != CropRect{}) return wrong_option("crop");
    return finished(s.draft);
}

// The source as it stands, with its extension taken off. Empty extension: none.
struct Source {
    std::string text;
    std::string_view extension;
};

Result<Source> read_source(std::string_view text) {
    constexpr std::string_view kPlain = "plain/";
    const bool is_plain = text.starts_with(kPlain);
    if (is_plain) text.remove_prefix(kPlain.size());
    const auto mark = text.rfind(is_plain ? '@' : '.');
    Source out;
    if (mark != text.npos) out.extension = text.substr(mark + 1);
    const auto body = text.substr(0, mark);
    if (is_plain) {
        TRY(out.text, percent_decode(body));
        return out;
    }
    std::string joined(body);
    std::erase(joined, '/');
    while (joined.ends_with('=')) joined.pop_back();
    const auto bytes = base64url_decode(joined);
    if (!bytes) return fail(Errc::kNotFound, "the source is no base64url");
    out.text = as_text(*bytes);
    return out;
}

Result<bool> check_signature(
    std::string_view signature, std::string_view path, const Settings& settings
) {
    if (std::ranges::find(kNoSignatures, signature) != kNoSignatures.end()) return false;
    bool is_good = false;
    for (const auto& key : settings.imgproxy_keys) {
        if (constant_time_equal(imgproxy_signature(key, path), signature)) is_good = true;
    }
    if (!is_good) return fail(Errc::kPermissionDenied, "wrong signature");
    return true;
}

}  // namespace

std::string imgproxy_signature(const ImgproxyKey& key, std::string_view path) {
    return base64url_encode(hmac_sha256(as_bytes(key.key), as_bytes(key.salt + std::string(path))));
}

Result<Asked> read_imgproxy(std::string_view path, std::string_view, const Settings& settings) {
    if (!path.starts_with('/')) return fail(Errc::kNotFound, "no such path");
    const auto slash = path.find('/', 1);
    if (slash == path.npos) return fail(Errc::kNotFound, "no such path");
    Asked out;
    const auto signed_path = path.substr(slash);
    TRY(out.is_signed, check_signature(path.substr(1, slash - 1), signed_path, settings));
    State state{.presets = settings.presets};
    auto rest = signed_path.substr(1);
    for (std::size_t count = 0;; ++count) {
        const auto end = rest.find('/');
        const auto segment = rest.substr(0, end);
        if (segment.find(':') == segment.npos) break;
        if (end == rest.npos || count == 32) return wrong_option(segment);
        CHECK_OK(read_option(segment, state));
        rest.remove_prefix(end + 1);
    }
    TRY(const Source source, read_source(rest));
    if (!source.extension.empty()) {
        if (!read_format({source.extension}, state)) return wrong_option("ext");
    }
    TRY(out.transform, settle(state));
    TRY(out.id, own_image(source.text));
    out.expires_at_s = state.expires_at_s;
    return out;
}

}  // namespace pixgate::dialects
