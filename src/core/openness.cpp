#include "core/openness.h"

namespace pixgate {

namespace {

std::optional<Transform> snapped(Transform t) {
    const auto width = listed_width_for(t.width_px);
    const auto height = listed_width_for(t.height_px);
    if (!width || !height) return std::nullopt;
    t.width_px = *width;
    t.height_px = *height;
    if (!is_listed(t)) return std::nullopt;
    return t;
}

}  // namespace

Result<Transform> opened(
    const Transform& asked, SignedFor by, const Presets& presets, const Openness& rules
) {
    const Transform t = normalised(asked);
    if (t.watermark.is_on && !rules.has_watermark)
        return fail(Errc::kInvalidArgument, "no watermark is configured here", "watermark");
    if (presets.has(t) || rules.unsigned_transforms) return t;
    const bool opens_all = by == SignedFor::kUrl || by == SignedFor::kImage;
    if (opens_all && rules.arbitrary_sizes) return t;
    if (!rules.presets_only || opens_all) {
        if (is_listed(t)) return t;
        const auto near = rules.snap_widths ? snapped(t) : std::nullopt;
        if (near) return *near;
    }
    return fail(Errc::kPermissionDenied, "this needs a signed URL", "size_not_listed");
}

}  // namespace pixgate
