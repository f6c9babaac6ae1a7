#include "imaging/planes/lean.h"

#include <algorithm>
#include <utility>

#include "imaging/chroma.h"
#include "imaging/geometry.h"
#include "imaging/planes/eighth_planes.h"
#include "imaging/planes/render.h"

namespace pixgate::imaging {
namespace {

// What decoding at a fraction leaves to the filter, at least; less shows.
constexpr double kLeaveToFilter = 1.25;

Size stored_size(const Facts& facts) {
    Size size{facts.width_px, facts.height_px};
    if (swaps_sides(facts.orientation)) std::swap(size.width_px, size.height_px);
    return size;
}

// False: see reader.error().
bool decode_for(
    const Rendering& how,
    Bytes data,
    const Limits& limits,
    const JpegHead& head,
    JpegReader& reader,
    Planes& decoded
) {
    const int shrink = shrink_for(how.crop.size, how.resized);
    // Whether AC scans are whole was for the verdict at upload to find out.
    if (shrink == 8 && eighth_is_enough(head, how)) {
        if (auto eighth = decode_eighth_planes(data, head, limits, jpeg::AcScans::kPassOver)) {
            decoded = *std::move(eighth);
            return true;
        }
    }
    const ChromaWanted chroma =
        how.chroma == kHalfChroma ? ChromaWanted::kHalf : ChromaWanted::kAsDecoded;
    return decode_planes(reader, shrink, chroma, decoded);
}

}  // namespace

bool lean_can(const Transform& t) {
    const bool has_effects = t.blur_tenths != 0 || t.sharpen_tenths != 0 ||
                             t.brightness_percent != 0 || t.contrast_percent != 0 ||
                             t.saturation_percent != 0 || t.grayscale || t.watermark.is_on;
    return (t.format == OutputFormat::kJpeg || t.format == OutputFormat::kWebp) && !has_effects &&
           t.trim_tolerance == 0 && t.fit != Fit::kPad && t.gravity.kind != GravityKind::kSmart &&
           t.metadata == KeepMetadata::kNone;
}

int shrink_for(Size crop, Size resized) {
    const double room = std::min(
        static_cast<double>(crop.width_px) / resized.width_px,
        static_cast<double>(crop.height_px) / resized.height_px
    );
    int shrink = 1;
    while (shrink < 8 && room >= shrink * 2 * kLeaveToFilter) shrink *= 2;
    return shrink;
}

Subsampling chroma_for(const Transform& transform, Size made) {
    const bool is_fine = transform.format == OutputFormat::kJpeg &&
                         has_full_chroma(quality_of(transform), made.width_px, made.height_px);
    return is_fine ? kFullChroma : kHalfChroma;
}

std::optional<std::string> encode_planes(
    Planes& planes, const Transform& transform, std::uint8_t effort
) {
    return transform.format == OutputFormat::kWebp
               ? encode_webp(planes, quality_of(transform), effort)
               : encode_jpeg(planes, quality_of(transform), JpegStyle::kProgressive);
}

std::optional<TransformAnswer> lean_transform(
    Bytes data, const Facts& facts, const TransformRequest& request
) {
    const Size upright{facts.width_px, facts.height_px};
    if (facts.format != Format::kJpeg || !lean_can(request.transform) ||
        crops_outside(upright, request))
        return std::nullopt;
    JpegReader reader(data, request.limits.max_memory_bytes, request.limits.max_scans);
    JpegHead head;
    // What libjpeg does not open, the other lane refuses in its words.
    if (!reader.read_head(head) || !head.is_planar || head.profile == JpegProfile::kOther ||
        head.size != stored_size(facts))
        return std::nullopt;
    Rendering how;
    how.orientation = orientation_after(facts.orientation, request.transform);
    const Plan plan = as_stored(plan_transform(upright, request), how.orientation);
    how.input = plan.source;
    how.crop = {plan.crop_at, plan.crop};
    how.resized = plan.resized;
    how.chroma = chroma_for(request.transform, plan.resized);
    Planes decoded;
    if (!decode_for(how, data, request.limits, head, reader, decoded))
        return TransformAnswer{Refusal::kBroken, {}, {}, reader.error()};
    Planes made = render(decoded, how);
    decoded = {};
    auto bytes = encode_planes(made, request.transform, request.effort);
    if (!bytes) return std::nullopt;
    TransformAnswer answer;
    answer.facts.format = format_of(request.transform.format);
    answer.facts.width_px = made.y.width();
    answer.facts.height_px = made.y.height();
    answer.bytes = *std::move(bytes);
    return answer;
}

}  // namespace pixgate::imaging
