#include "imaging/imaging.h"

#include <algorithm>

#include "imaging/probe.h"
#include "imaging/sniff.h"

namespace pixgate::imaging {

Result<void> check_request(const TransformRequest& request) {
    if (request.quality < 1 || request.quality > 100)
        return fail(Errc::kInvalidArgument, "quality is 1 to 100");
    if (!FormatSet{Format::kJpeg, Format::kWebp, Format::kPng}.contains(request.output))
        return fail(Errc::kInvalidArgument, "output is jpeg, webp or png");
    if (request.fit > kLastFit) return fail(Errc::kInvalidArgument, "unknown fit");
    if (request.max_side_px == 0 ||
        std::max(request.width_px, request.height_px) > request.max_side_px)
        return fail(Errc::kInvalidArgument, "wider or higher than pictures are made here");
    return {};
}

Result<void> check_output(const TransformAnswer& answer, const TransformRequest& request) {
    const Bytes bytes(
        reinterpret_cast<const std::uint8_t*>(answer.bytes.data()), answer.bytes.size()
    );
    const Facts& facts = answer.facts;
    Limits limits;
    limits.max_bytes = request.max_output_bytes;
    limits.max_side_px = request.max_side_px;
    limits.max_frames = 1;
    const bool is_asked = facts.format == request.output && facts.frames == 1 &&
                          facts.orientation == 1 && sniff(bytes) == request.output;
    const ProbeResult probed = is_asked ? probe(bytes, request.output, limits) : ProbeResult{};
    if (!is_asked || probed.refusal != Refusal::kNone || probed.facts.width_px != facts.width_px ||
        probed.facts.height_px != facts.height_px)
        return fail(
            Errc::kCrashed, "sandbox: the child's picture is not the one asked for", "bad_reply"
        );
    return {};
}

}  // namespace pixgate::imaging
