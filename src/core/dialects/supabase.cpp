// /{bucket}/{id}?width=&height=&resize=&quality=&format=, behind /render/image/public. Source:
// Supabase Storage, "Image transformations". Our own signatures cover paths only, so here, where
// the transform is in the query, they are not taken.
#include <array>

#include "base/encoding.h"
#include "core/bucket.h"
#include "core/dialects/dialect.h"

namespace pixgate::dialects {

namespace {

constexpr std::uint32_t kMaxSidePx = 2'500;
constexpr std::array<std::string_view, 5> kNames{"width", "height", "resize", "quality", "format"};
constexpr std::array<std::string_view, 3> kResizes{"cover", "contain", "fill"};
constexpr std::array<Fit, 3> kFits{Fit::kCrop, Fit::kScaleDown, Fit::kSqueeze};

struct State {
    Transform transform{.fit = Fit::kCrop};
    bool keeps_format = false;
};

bool read_item(std::size_t which, std::string_view value, State& s) {
    Transform& t = s.transform;
    switch (which) {
        case 0:
        case 1: {
            const auto n = whole_number(value, 1, kMaxSidePx);
            if (n) (which == 0 ? t.width_px : t.height_px) = *n;
            return n.has_value();
        }
        case 2: {
            const auto i = place_of(kResizes, value);
            if (i) t.fit = kFits[*i];
            return i.has_value();
        }
        case 3: {
            const auto n = whole_number(value, 20, 100);
            if (n) t.quality = static_cast<std::uint8_t>(*n);
            return n.has_value();
        }
        default:
            s.keeps_format = value == "origin";
            if (value == "avif" || value == "webp") t.format = *format_of_extension(value);
            return s.keeps_format || t.format != OutputFormat::kAuto;
    }
}

Result<ImageId> read_source(std::string_view path) {
    TRY(const std::string source, percent_decode(path));
    const std::string_view text = source;
    const auto slash = text.starts_with('/') ? text.find('/', 1) : text.npos;
    if (slash == text.npos || text.substr(1, slash - 1) != kOriginalsBucket)
        return fail(Errc::kNotFound, "not a bucket of this server");
    const auto key = text.substr(slash + 1);
    if (const auto parsed = parse_object_key(key); parsed && parsed->thumbnail.empty())
        return parsed->id;
    return own_image(key.find(':') == key.npos ? key : std::string_view());
}

}  // namespace

Result<Asked> read_supabase(std::string_view path, std::string_view query, const Settings&) {
    State state;
    std::array<bool, kNames.size()> seen{};
    TRY(auto items, parts_of(query, '&'));
    if (query.empty()) items.clear();
    for (const auto item : items) {
        const auto eq = item.find('=');
        const auto name = item.substr(0, eq);
        const auto which = place_of(kNames, name);
        if (!which || eq == item.npos || seen[*which]) return wrong_option(name);
        if (!read_item(*which, item.substr(eq + 1), state)) return wrong_option(name);
        seen[*which] = true;
    }
    Transform& t = state.transform;
    const bool has_box = t.width_px != 0 && t.height_px != 0;
    const bool has_side = t.width_px != 0 || t.height_px != 0;
    // The other side would stay the picture's own, so the proportions would depend on it.
    if (t.fit == Fit::kSqueeze && has_side && !has_box) return wrong_option("resize");
    if (!has_box) t.fit = Fit::kScaleDown;
    Asked out;
    TRY(out.transform, finished({t, 100}));
    TRY(out.id, read_source(path));
    out.keeps_format = state.keeps_format;
    return out;
}

}  // namespace pixgate::dialects
