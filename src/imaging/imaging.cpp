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

Result<void> check_request(const TransformRequest& request) {
    const Transform& t = request.transform;
    if (t.quality > 100) return fail(Errc::kInvalidArgument, "quality is 1 to 100");
    if (!FormatSet{Format::kJpeg, Format::kWebp, Format::kPng}.contains(format_of(t.format)))
        return fail(Errc::kInvalidArgument, "output is jpeg, webp or png");
    if (t.fit > Fit::kSqueeze) return fail(Errc::kInvalidArgument, "unknown fit");
    if (request.max_side_px == 0 || std::max(t.width_px, t.height_px) > request.max_side_px)
        return fail(Errc::kInvalidArgument, "wider or higher than pictures are made here");
    return {};
}

Result<void> check_output(const TransformAnswer& answer, const TransformRequest& request) {
    const Bytes bytes(
        reinterpret_cast<const std::uint8_t*>(answer.bytes.data()), answer.bytes.size()
    );
    const Facts& facts = answer.facts;
    const Format asked = format_of(request.transform.format);
    Limits limits;
    limits.max_bytes = request.max_output_bytes;
    limits.max_side_px = request.max_side_px;
    limits.max_frames = 1;
    const bool is_asked = facts.format == asked && facts.frames == 1 && facts.orientation == 1 &&
                          sniff(bytes) == asked;
    const ProbeResult probed = is_asked ? probe(bytes, asked, limits) : ProbeResult{};
    if (!is_asked || probed.refusal != Refusal::kNone || probed.facts.width_px != facts.width_px ||
        probed.facts.height_px != facts.height_px)
        return fail(
            Errc::kCrashed, "sandbox: the child's picture is not the one asked for", "bad_reply"
        );
    return {};
}

}  // namespace pixgate::imaging
