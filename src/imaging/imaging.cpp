#include "imaging/imaging.h"

#include <algorithm>

#include "imaging/probe.h"
#include "imaging/sniff.h"

namespace pixgate::imaging {

Format format_of(OutputFormat format) {
    switch (format) {
        case OutputFormat::kJpeg:
            return Format::kJpeg;
        case OutputFormat::kPng:
            return Format::kPng;
        case OutputFormat::kWebp:
            return Format::kWebp;
        case OutputFormat::kAvif:
            return Format::kAvif;
        case OutputFormat::kGif:
            return Format::kGif;
        case OutputFormat::kAuto:
            break;
    }
    return Format::kUnknown;
}

namespace {

bool is_percent(std::int8_t value) {
    return value >= -100 && value <= 100;
}

// What is wrong with it; null when nothing is. The request comes from our own parser, so each of
// these is a mistake of ours, found before a child is bothered.
const char* wrong_with_cut(const Transform& t) {
    if (t.rotate_degrees % 90 != 0 || t.rotate_degrees > 270) return "rotate is a quarter turn";
    if (t.flip > Flip::kBoth) return "unknown flip";
    if (t.fit > Fit::kSqueeze) return "unknown fit";
    if (t.gravity.kind > GravityKind::kSmart) return "unknown gravity";
    if (t.gravity.x_permille > 1000 || t.gravity.y_permille > 1000)
        return "the focal point is outside of the picture";
    if (t.crop != CropRect{} && (t.crop.width_px == 0 || t.crop.height_px == 0))
        return "the part to be cut out is empty";
    return nullptr;
}

const char* wrong_with_effects(const Transform& t) {
    if (t.blur_tenths > 1000) return "blur is 0 to 100";
    if (t.sharpen_tenths > 100) return "sharpen is 0 to 10";
    if (!is_percent(t.brightness_percent) || !is_percent(t.contrast_percent) ||
        !is_percent(t.saturation_percent))
        return "brightness, contrast and saturation are -100 to 100";
    return nullptr;
}

const char* wrong_with_mark(const TransformRequest& request) {
    const Watermark& mark = request.transform.watermark;
    if (!mark.is_on) return nullptr;
    if (request.mark_bytes == 0) return "there is no watermark";
    if (mark.position >= GravityKind::kPoint) return "unknown position of the watermark";
    if (mark.scale_percent == 0 || mark.scale_percent > 100 || mark.opacity_percent > 100)
        return "scale and opacity of the watermark are percentages";
    return nullptr;
}

const char* wrong_with_output(const TransformRequest& request) {
    const Transform& t = request.transform;
    if (t.quality > 100) return "quality is 1 to 100";
    if (request.effort > 6) return "effort is 0 to 6";
    if (format_of(t.format) == Format::kUnknown) return "output is jpeg, png, webp, avif or gif";
    if (t.metadata > KeepMetadata::kCopyright) return "unknown metadata";
    if (request.max_side_px == 0 || request.max_output_pixels == 0 ||
        std::max(t.width_px, t.height_px) > request.max_side_px)
        return "wider or higher than pictures are made here";
    return nullptr;
}

bool can_move(Format format) {
    return format == Format::kWebp || format == Format::kGif;
}

}  // namespace

Result<void> check_request(const TransformRequest& request) {
    const Transform& t = request.transform;
    for (const char* wrong :
         {wrong_with_output(request), wrong_with_cut(t), wrong_with_effects(t),
          wrong_with_mark(request)}) {
        if (wrong != nullptr) return fail(Errc::kInvalidArgument, wrong);
    }
    return {};
}

Result<void> check_output(const TransformAnswer& answer, const TransformRequest& request) {
    const Bytes bytes(
        reinterpret_cast<const std::uint8_t*>(answer.bytes.data()), answer.bytes.size()
    );
    const Facts& facts = answer.facts;
    const Format asked = format_of(request.transform.format);
    const bool may_move = request.transform.animate && can_move(asked);
    Limits limits;
    limits.max_bytes = request.max_output_bytes;
    limits.max_side_px = request.max_side_px;
    limits.max_pixels = request.max_output_pixels;
    limits.max_frames = may_move ? request.limits.max_frames : 1;
    limits.max_total_pixels = may_move ? request.max_total_output_pixels : limits.max_pixels;
    const bool is_asked = facts.format == asked && facts.orientation == 1 && sniff(bytes) == asked;
    const ProbeResult probed = is_asked ? probe(bytes, asked, limits) : ProbeResult{};
    if (!is_asked || probed.refusal != Refusal::kNone || probed.facts.format != asked ||
        probed.facts.width_px != facts.width_px || probed.facts.height_px != facts.height_px ||
        probed.facts.frames != facts.frames || probed.facts.orientation != 1)
        return fail(
            Errc::kCrashed, "sandbox: the child's picture is not the one asked for", "bad_reply"
        );
    return {};
}

}  // namespace pixgate::imaging
