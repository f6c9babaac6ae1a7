#include "flow/choose_source.h"

#include <algorithm>

namespace pixgate {

namespace {

constexpr double kSpare = 1.25;

struct Box {
    double width = 0;
    double height = 0;
};

// What of the picture is left when it is turned and then cut.
Box region_of(const Transform& t, Box whole) {
    if (t.rotate_degrees % 180 != 0) std::swap(whole.width, whole.height);
    Box region = whole;
    if (t.crop.width_px != 0 && t.crop.height_px != 0) {
        const double left = std::min<double>(t.crop.left_px, whole.width - 1);
        const double top = std::min<double>(t.crop.top_px, whole.height - 1);
        region.width = std::min<double>(t.crop.width_px, whole.width - left);
        region.height = std::min<double>(t.crop.height_px, whole.height - top);
    }
    return region;
}

double scale_of(const Transform& t, Box region) {
    if (t.width_px == 0 && t.height_px == 0) return 1;
    const double across = t.width_px / region.width;
    const double down = t.height_px / region.height;
    if (t.width_px == 0) return down;
    if (t.height_px == 0) return across;
    const bool fills = t.fit == Fit::kCover || t.fit == Fit::kCrop || t.fit == Fit::kSqueeze;
    return fills ? std::max(across, down) : std::min(across, down);
}

std::uint32_t longer_side(const Variant& v) {
    return std::max(v.width_px, v.height_px);
}

}  // namespace

double needed_side_px(const Transform& transform, std::uint32_t width_px, std::uint32_t height_px) {
    const Box whole{std::max<double>(1, width_px), std::max<double>(1, height_px)};
    double scale = scale_of(transform, region_of(transform, whole));
    if (!transform.enlarge) scale = std::min(scale, 1.0);
    return std::max(1.0, scale * std::max(whole.width, whole.height));
}

std::optional<Variant> choose_rendition(const Image& image, const Transform& transform) {
    if (transform.metadata != KeepMetadata::kNone) return std::nullopt;
    if (transform.animate && image.frames > 1) return std::nullopt;
    if (image.width_px == 0 || image.height_px == 0) return std::nullopt;
    const double needed = needed_side_px(transform, image.width_px, image.height_px);
    // How much trimming takes away is not known before: pixels to spare are not to be had.
    const bool wants_largest = transform.trim_tolerance != 0;
    const Variant* largest = nullptr;
    const Variant* smallest = nullptr;
    for (const Variant& v : image.variants) {
        if (v.kind != VariantKind::kRendition || longer_side(v) == 0) continue;
        if (largest == nullptr || longer_side(v) > longer_side(*largest)) largest = &v;
        const bool has_spare = longer_side(v) >= kSpare * needed;
        if (has_spare && (smallest == nullptr || longer_side(v) < longer_side(*smallest))) {
            smallest = &v;
        }
    }
    if (largest == nullptr) return std::nullopt;
    // A drawing has no size of its own: larger, it is drawn anew.
    if (image.content_type == "image/svg+xml" && longer_side(*largest) < needed)
        return std::nullopt;
    return smallest != nullptr && !wants_largest ? *smallest : *largest;
}

}  // namespace pixgate
