#include "imaging/prepare.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vips/vips8>

#include "imaging/placeholder.h"
#include "imaging/transform.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"

namespace pixgate::imaging {
namespace {

constexpr std::uint32_t kFullChromaBelowPx = 600;
constexpr std::uint8_t kLargeRenditionQuality = 90, kSmallRenditionQuality = 92;

std::span<const ProductSpec> specs_of(const PrepareRequest& request) {
    return std::span(request.products).first(request.product_count);
}

std::uint32_t asked_side(const Transform& transform) {
    return std::max(transform.width_px, transform.height_px);
}

// As a request of its own; a rendition is the whole picture, its longer side the one asked for.
TransformRequest request_of(
    const ProductSpec& spec, const PrepareRequest& request, const Facts& source
) {
    TransformRequest out;
    out.transform = spec.transform;
    out.effort = spec.effort;
    out.allowed = request.verify.allowed;
    out.limits = request.verify.limits;
    out.max_output_bytes = request.max_output_bytes;
    if (!spec.is_rendition) return out;
    const std::uint32_t side = asked_side(spec.transform);
    out.transform = {};
    out.transform.width_px = out.transform.height_px = side;
    out.transform.format = source.has_alpha ? OutputFormat::kPng : OutputFormat::kJpeg;
    out.transform.quality = spec.transform.quality;
    if (out.transform.quality == 0)
        out.transform.quality =
            side < kFullChromaBelowPx ? kSmallRenditionQuality : kLargeRenditionQuality;
    return out;
}

// Whether a smaller rendition is asked for that is as large already as the picture allows.
bool is_left_out(const ProductSpec& spec, const PrepareRequest& request, const Facts& source) {
    const std::uint32_t longest = std::max(source.width_px, source.height_px);
    return spec.is_rendition &&
           std::ranges::any_of(specs_of(request), [&](const ProductSpec& other) {
               const std::uint32_t side = asked_side(other.transform);
               return other.is_rendition && side < asked_side(spec.transform) && side >= longest;
           });
}

SmallPicture read_small(const std::string& png) {
    SmallPicture out;
    vips::VImage image = vips::VImage::new_from_buffer(png.data(), png.size(), "");
    image = image.colourspace(VIPS_INTERPRETATION_sRGB);
    if (!image.has_alpha()) image = image.bandjoin_const({255});
    std::size_t bytes = 0;
    void* pixels = image.write_to_memory(&bytes);
    out.width_px = static_cast<std::uint32_t>(image.width());
    out.height_px = static_cast<std::uint32_t>(image.height());
    out.rgba.resize(bytes);
    std::memcpy(out.rgba.data(), pixels, bytes);
    g_free(pixels);
    return out;
}

Placeholders placeholders_of(Bytes data, const PrepareRequest& request, const Facts& source) {
    ProductSpec spec;
    spec.transform.width_px = spec.transform.height_px = kPlaceholderSidePx;
    spec.transform.format = OutputFormat::kPng;
    const TransformAnswer small = transform_bytes(data, request_of(spec, request, source));
    if (small.refusal != Refusal::kNone) return {};
    try {
        return make_placeholders(read_small(small.bytes));
    } catch (const vips::VError&) {
        take_vips_error();
        return {};
    }
}

}  // namespace

PrepareAnswer prepare_bytes(Bytes data, const PrepareRequest& request) {
    VerifyRequest verify = request.verify;
    verify.full_decode = true;
    VerifyAnswer verdict = verify_bytes(data, verify);
    PrepareAnswer answer{verdict.refusal, verdict.facts, {}, {}, std::move(verdict.detail)};
    if (answer.refusal != Refusal::kNone) return answer;
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < request.product_count; ++i) {
        const ProductSpec& spec = request.products.at(i);
        if (is_left_out(spec, request, answer.facts)) continue;
        TransformAnswer made = transform_bytes(data, request_of(spec, request, answer.facts));
        bytes += made.bytes.size();
        if (made.refusal == Refusal::kNone && bytes > request.max_output_bytes)
            made.refusal = Refusal::kTooManyBytes;
        if (made.refusal != Refusal::kNone)
            return {made.refusal, answer.facts, {}, {}, std::move(made.detail)};
        answer.products.push_back({i, made.facts, std::move(made.bytes)});
    }
    answer.placeholders = placeholders_of(data, request, answer.facts);
    return answer;
}

Result<void> check_prepare(const PrepareRequest& request) {
    if (request.product_count > kMaxProducts)
        return fail(Errc::kInvalidArgument, "too many products");
    for (const ProductSpec& spec : specs_of(request))
        CHECK_OK(check_request(request_of(spec, request, {})));
    return {};
}

}  // namespace pixgate::imaging
