#include "imaging/prepare.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "imaging/planes/master.h"
#include "imaging/planes/rgb.h"
#include "imaging/transform.h"
#include "imaging/verify.h"

namespace pixgate::imaging {
namespace {

// What a decoded picture may take before its rows are resampled as they come, where it is not the
// largest product itself.
constexpr std::uint64_t kMaxMasterBytes = 16ULL << 20;
// A rendition that takes more is done without: noise with alpha, as PNG.
constexpr std::uint64_t kMaxRenditionBytes = 32ULL << 20;

struct Picture {
    Bytes data, mark;  // encoded both
};

PrepareAnswer refuse(const PrepareAnswer& answer, Refusal refusal, std::string detail = {}) {
    return {refusal, answer.facts, {}, {}, std::move(detail)};
}

// True while the answer is no refusal.
bool add(
    PrepareAnswer& answer, std::uint32_t index, TransformAnswer made, const PrepareRequest& request
) {
    if (made.refusal != Refusal::kNone) {
        answer = refuse(answer, made.refusal, std::move(made.detail));
        return false;
    }
    std::uint64_t bytes = made.bytes.size();
    for (const Product& other : answer.products) bytes += other.bytes.size();
    answer.products.push_back({index, made.facts, std::move(made.bytes)});
    if (bytes <= request.max_output_bytes) return true;
    answer = refuse(answer, Refusal::kProductsTooLarge);
    return false;
}

// `facts` are the original's as the master lies.
void make_products(
    const Picture& picture,
    const Facts& facts,
    Master& master,
    const PrepareRequest& request,
    PrepareAnswer& answer
) {
    answer.placeholders = master.placeholders();
    std::vector<PlannedProduct> products = plan_products(request, facts);
    // The largest comes last and has the planes for itself.
    std::ranges::sort(products, {}, [](const PlannedProduct& product) {
        return scale_of(product.how);
    });
    for (const PlannedProduct& product : products) {
        const bool is_last = &product == &products.back();
        TransformAnswer made = !master.can_make(product)
                                   ? transform_marked(picture.data, picture.mark, product.request)
                               : is_last ? master.make_last(product, picture.mark)
                                         : master.make(product, picture.mark);
        if (product.is_rendition && made.bytes.size() > kMaxRenditionBytes) continue;
        if (!add(answer, product.index, std::move(made), request)) return;
    }
    std::ranges::sort(answer.products, {}, &Product::index);
}

Size stored_size(const Facts& facts) {
    Size size{facts.width_px, facts.height_px};
    if (swaps_sides(facts.orientation)) std::swap(size.width_px, size.height_px);
    return size;
}

Facts upright(Facts facts) {
    facts.orientation = 1;
    return facts;
}

std::uint64_t pixels_in(Size size) {
    return std::uint64_t{size.width_px} * size.height_px;
}

// False: not for this lane; nothing was decided.
bool prepare_jpeg(const Picture& picture, const PrepareRequest& request, PrepareAnswer& answer) {
    const Bytes data = picture.data;
    if (request.linear_light) return false;
    const Limits& limits = request.verify.limits;
    const Facts facts = answer.facts;
    const Size stored = stored_size(facts);
    JpegReader reader(data, limits.max_memory_bytes, limits.max_scans);
    JpegHead head;
    if (!reader.read_head(head) || !head.is_planar || head.size != stored) return false;
    const DecodePlan plan = plan_decode(plan_products(request, facts), stored, kMaxMasterBytes);
    const bool converts = head.profile == JpegProfile::kOther;
    if (converts && request.keep_wide_gamut) return false;
    if (converts && (head.is_grey || pixels_in(plan.master) > Master::kMaxPixels)) return false;
    Planes planes;
    if (!decode_master(data, limits, head, reader, plan, planes)) {
        answer = refuse(answer, Refusal::kBroken, reader.error());
        return true;
    }
    if (!converts) {
        Master master(facts, std::move(planes), plan);
        make_products(picture, facts, master, request, answer);
        return true;
    }
    const Rendering all{stored, {{0, 0}, stored}, plan.master, facts.orientation, kFullChroma};
    Pixels pixels = to_pixels(render(std::move(planes), all));
    convert_to_srgb(pixels, head.other_profile);
    Master converted(upright(facts), std::move(pixels), plan);
    make_products(picture, upright(facts), converted, request, answer);
    return true;
}

// To the first frame as a whole, at about that size.
TransformRequest whole_picture(const PrepareRequest& request, const Facts& facts, Size size) {
    TransformRequest whole;
    whole.allowed = request.verify.allowed;
    whole.limits = request.verify.limits;
    whole.linear_light = request.linear_light;
    whole.keep_wide_gamut = request.keep_wide_gamut;
    whole.transform.fit = Fit::kSqueeze;
    // One that can be transparent keeps alpha.
    whole.transform.format = facts.has_alpha ? OutputFormat::kPng : OutputFormat::kJpeg;
    const double longest = std::max(size.width_px, size.height_px);
    const double part = std::min(
        {1.0, whole.max_side_px / longest,
         std::sqrt(static_cast<double>(Master::kMaxPixels) / static_cast<double>(pixels_in(size)))}
    );
    whole.transform.width_px = std::max(1U, static_cast<std::uint32_t>(size.width_px * part));
    whole.transform.height_px = std::max(1U, static_cast<std::uint32_t>(size.height_px * part));
    return whole;
}

// Through libvips.
void prepare_other(const Picture& picture, const PrepareRequest& request, PrepareAnswer& answer) {
    const Bytes data = picture.data;
    if (answer.facts.frames > 1) {
        // Only the first frame goes into products, but all of them will be shown.
        VerifyAnswer verdict = verify_bytes(data, request.verify);
        if (verdict.refusal != Refusal::kNone) {
            answer = refuse(answer, verdict.refusal, std::move(verdict.detail));
            return;
        }
    }
    const Facts facts = upright(answer.facts);
    const DecodePlan plan =
        plan_decode(plan_products(request, facts), stored_size(facts), kMaxMasterBytes);
    PixelsAnswer decoded =
        pixels_of(data, answer.facts, whole_picture(request, facts, plan.master));
    if (decoded.refusal != Refusal::kNone) {
        answer = refuse(answer, decoded.refusal, std::move(decoded.detail));
        return;
    }
    Master master(facts, std::move(decoded.pixels), plan);
    make_products(picture, facts, master, request, answer);
}

}  // namespace

PrepareAnswer prepare_bytes(Bytes data, const PrepareRequest& request) {
    if (request.mark_bytes > data.size()) return {Refusal::kBroken, {}, {}, {}, "watermark"};
    const std::size_t picture_bytes = data.size() - static_cast<std::size_t>(request.mark_bytes);
    const Picture picture{data.first(picture_bytes), data.subspan(picture_bytes)};
    PrepareRequest full = request;
    full.verify.full_decode = true;
    VerifyAnswer verdict = verify_header(picture.data, full.verify);
    PrepareAnswer answer{verdict.refusal, verdict.facts, {}, {}, std::move(verdict.detail)};
    if (answer.refusal != Refusal::kNone) return answer;
    const bool is_done =
        answer.facts.format == Format::kJpeg && prepare_jpeg(picture, full, answer);
    if (!is_done) prepare_other(picture, full, answer);
    return answer;
}

Result<void> check_prepare(const PrepareRequest& request) {
    if (request.product_count > kMaxProducts)
        return fail(Errc::kInvalidArgument, "too many products");
    for (std::uint32_t i = 0; i < request.product_count; ++i) {
        PrepareRequest alone;
        alone.product_count = 1;
        alone.mark_bytes = request.mark_bytes;
        alone.products[0] = request.products.at(i);
        const Facts facts{.width_px = 1, .height_px = 1};
        CHECK_OK(check_request(plan_products(alone, facts).front().request));
    }
    return {};
}

}  // namespace pixgate::imaging
