#include "imaging/prepare.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vips/vips8>

#include "imaging/placeholder.h"
#include "imaging/planes/products.h"
#include "imaging/planes/rgb.h"
#include "imaging/transform.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"

namespace pixgate::imaging {
namespace {

// What a decoded picture may take before its rows are resampled as they come.
constexpr std::uint64_t kMaxMasterBytes = 20ULL << 20;

PrepareAnswer refuse(const PrepareAnswer& answer, Refusal refusal, std::string detail = {}) {
    return {refusal, answer.facts, {}, {}, std::move(detail)};
}

std::optional<Product> make_alone(
    Bytes data, const PlannedProduct& product, PrepareAnswer& answer
) {
    TransformAnswer made = transform_bytes(data, product.request);
    if (made.refusal != Refusal::kNone) {
        answer = refuse(answer, made.refusal, std::move(made.detail));
        return std::nullopt;
    }
    return Product{product.index, made.facts, std::move(made.bytes)};
}

// True while the answer is no refusal.
bool add(PrepareAnswer& answer, std::optional<Product> product, const PrepareRequest& request) {
    if (answer.refusal != Refusal::kNone) return false;
    if (!product) {
        answer = refuse(answer, Refusal::kBroken, "an encoder gave up");
        return false;
    }
    std::uint64_t bytes = product->bytes.size();
    for (const Product& other : answer.products) bytes += other.bytes.size();
    answer.products.push_back(*std::move(product));
    if (bytes <= request.max_output_bytes) return true;
    answer = refuse(answer, Refusal::kTooManyBytes);
    return false;
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

TransformRequest small_request(const PrepareRequest& request, OutputFormat format) {
    TransformRequest out;
    out.transform.width_px = out.transform.height_px = kPlaceholderSidePx;
    out.transform.format = format;
    out.allowed = request.verify.allowed;
    out.limits = request.verify.limits;
    return out;
}

Placeholders placeholders_of(Bytes data, const PrepareRequest& request) {
    const TransformAnswer small = transform_bytes(data, small_request(request, OutputFormat::kPng));
    if (small.refusal != Refusal::kNone) return {};
    try {
        return make_placeholders(read_small(small.bytes));
    } catch (const vips::VError&) {
        take_vips_error();
        return {};
    }
}

Placeholders placeholders_of(Pyramid& pyramid, const Facts& facts, Size stored) {
    TransformRequest request;
    request.transform.width_px = request.transform.height_px = kPlaceholderSidePx;
    const Size upright{facts.width_px, facts.height_px};
    const Plan plan = as_stored(plan_transform(upright, request), facts.orientation);
    const Planes planes =
        pyramid.make({stored, {{0, 0}, stored}, plan.resized, facts.orientation, kFullChroma});
    return make_placeholders({planes.y.width(), planes.y.height(), to_rgba(planes)});
}

// False: not for this lane; nothing was decided.
bool prepare_jpeg(Bytes data, const PrepareRequest& request, PrepareAnswer& answer) {
    JpegReader reader(data, request.verify.limits.max_memory_bytes);
    JpegHead head;
    Size stored{answer.facts.width_px, answer.facts.height_px};
    if (swaps_sides(answer.facts.orientation)) std::swap(stored.width_px, stored.height_px);
    if (!reader.read_head(head) || !head.is_planar || head.profile == JpegProfile::kOther ||
        head.size != stored)
        return false;
    const auto products = plan_products(request, answer.facts);
    Planes master;
    const DecodePlan plan = plan_decode(products, stored, kMaxMasterBytes);
    if (!decode_master(data, request.verify.limits, head, reader, plan, master)) {
        answer = refuse(answer, Refusal::kBroken, reader.error());
        return true;
    }
    Pyramid pyramid(stored, std::move(master));
    for (const PlannedProduct& product : products) {
        auto made =
            product.is_lean ? make_product(product, pyramid) : make_alone(data, product, answer);
        if (!add(answer, std::move(made), request)) return true;
    }
    answer.placeholders = placeholders_of(pyramid, answer.facts, stored);
    return true;
}

// Each product from the bytes themselves.
void prepare_one_by_one(Bytes data, const PrepareRequest& request, PrepareAnswer& answer) {
    VerifyAnswer verdict = verify_bytes(data, request.verify);
    if (verdict.refusal != Refusal::kNone) {
        answer = refuse(answer, verdict.refusal, std::move(verdict.detail));
        return;
    }
    for (const PlannedProduct& product : plan_products(request, answer.facts)) {
        if (!add(answer, make_alone(data, product, answer), request)) return;
    }
    answer.placeholders = placeholders_of(data, request);
}

}  // namespace

PrepareAnswer prepare_bytes(Bytes data, const PrepareRequest& request) {
    PrepareRequest full = request;
    full.verify.full_decode = true;
    VerifyAnswer verdict = verify_header(data, full.verify);
    PrepareAnswer answer{verdict.refusal, verdict.facts, {}, {}, std::move(verdict.detail)};
    if (answer.refusal != Refusal::kNone) return answer;
    const bool is_done = answer.facts.format == Format::kJpeg && prepare_jpeg(data, full, answer);
    if (!is_done) prepare_one_by_one(data, full, answer);
    return answer;
}

Result<void> check_prepare(const PrepareRequest& request) {
    if (request.product_count > kMaxProducts)
        return fail(Errc::kInvalidArgument, "too many products");
    for (std::uint32_t i = 0; i < request.product_count; ++i) {
        PrepareRequest alone;
        alone.product_count = 1;
        alone.products[0] = request.products.at(i);
        const Facts facts{.width_px = 1, .height_px = 1};
        CHECK_OK(check_request(plan_products(alone, facts).front().request));
    }
    return {};
}

}  // namespace pixgate::imaging
