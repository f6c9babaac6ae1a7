#include "imaging/planes/products.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "imaging/placeholder.h"
#include "imaging/planes/eighth_planes.h"
#include "imaging/planes/lean.h"

namespace pixgate::imaging {
namespace {

// A rendition may be so much smaller or larger than asked for, where a decoder or a halving gives
// that size.
constexpr double kNear = 0.1;
constexpr double kLeaveToFilter = 1.25;
constexpr std::uint32_t kFullChromaBelowPx = 600;
constexpr std::uint8_t kLargeRenditionQuality = 90, kSmallRenditionQuality = 92;

std::uint32_t asked_side(const Transform& transform) {
    return std::max(transform.width_px, transform.height_px);
}

Size stored_size(const Facts& facts) {
    Size size{facts.width_px, facts.height_px};
    if (swaps_sides(facts.orientation)) std::swap(size.width_px, size.height_px);
    return size;
}

Rect whole(Size size) {
    return {{0, 0}, size};
}

// Not enlarged.
Size fitting(Size size, std::uint32_t side) {
    const double part = std::min(1.0, double{1} * side / std::max(size.width_px, size.height_px));
    return {
        std::max(1U, static_cast<std::uint32_t>(size.width_px * part)),
        std::max(1U, static_cast<std::uint32_t>(size.height_px * part))
    };
}

// The stored picture halved as often as brings its longer side near the one asked for.
std::optional<Size> near_size(Size stored, std::uint32_t side) {
    for (std::uint32_t part = 1; part <= 64; part *= 2) {
        const Size size{ceil_div(stored.width_px, part), ceil_div(stored.height_px, part)};
        const double longest = std::max(size.width_px, size.height_px);
        if (longest <= side * (1 - kNear)) break;
        if (longest <= side * (1 + kNear) || (part == 1 && longest <= side)) return size;
    }
    return std::nullopt;
}

bool is_within_limits(Size size, const TransformRequest& request) {
    return std::max(size.width_px, size.height_px) <= request.max_side_px &&
           std::uint64_t{size.width_px} * size.height_px <= request.max_output_pixels;
}

Transform rendition_of(const Transform& asked, const Facts& facts) {
    const std::uint32_t side = asked_side(asked);
    Transform out;
    // The longer side alone: a square of the largest is over the limit of pixels.
    (facts.width_px >= facts.height_px ? out.width_px : out.height_px) = side;
    out.format = facts.has_alpha ? OutputFormat::kPng : OutputFormat::kJpeg;
    out.quality = asked.quality;
    if (out.quality == 0)
        out.quality = side < kFullChromaBelowPx ? kSmallRenditionQuality : kLargeRenditionQuality;
    return out;
}

// `transform` is the one that is carried out.
Lane lane_for(bool is_rendition, const TransformRequest& request, const Facts& facts) {
    const Transform& t = request.transform;
    const bool moves = t.animate && facts.frames > 1;
    if (t.trim_tolerance != 0 || t.metadata != KeepMetadata::kNone || moves) return Lane::kOriginal;
    // Planes are resized as the numbers are stored.
    if (request.linear_light) return Lane::kPixels;
    if (!facts.has_alpha && (is_rendition || lean_can(t))) return Lane::kPlanes;
    // Planes would change the last bit of what PNG is chosen to keep.
    const bool is_exact = t.format == OutputFormat::kPng;
    if (is_exact || t.fit == Fit::kPad || t.gravity.kind == GravityKind::kSmart)
        return Lane::kPixels;
    return Lane::kResized;
}

PlannedProduct plan_product(
    std::uint32_t index, const PrepareRequest& request, const Facts& facts
) {
    const ProductSpec& spec = request.products.at(index);
    PlannedProduct out;
    out.index = index;
    out.is_rendition = spec.is_rendition;
    out.request.transform =
        spec.is_rendition ? rendition_of(spec.transform, facts) : spec.transform;
    out.request.effort = spec.effort;
    out.request.allowed = request.verify.allowed;
    out.request.limits = request.verify.limits;
    out.request.max_output_bytes = request.max_output_bytes;
    out.request.linear_light = request.linear_light;
    out.request.keep_wide_gamut = request.keep_wide_gamut;
    if (out.request.transform.watermark.is_on) out.request.mark_bytes = request.mark_bytes;

    const Transform& transform = out.request.transform;
    const Size upright{facts.width_px, facts.height_px}, stored = stored_size(facts);
    out.lane = crops_outside(upright, out.request)
                   ? Lane::kOriginal
                   : lane_for(spec.is_rendition, out.request, facts);
    out.how.orientation = orientation_after(facts.orientation, transform);
    const Plan plan = as_stored(plan_transform(upright, out.request), out.how.orientation);
    out.how.input = stored;
    out.how.crop = {plan.crop_at, plan.crop};
    out.how.resized = plan.resized;
    out.how.chroma = out.lane == Lane::kPlanes ? chroma_for(transform, plan.resized) : kFullChroma;
    if (out.lane != Lane::kPlanes || !spec.is_rendition) return out;
    const auto near = near_size(stored, asked_side(spec.transform));
    if (near && is_within_limits(*near, out.request)) out.how.resized = *near;
    const bool is_small = asked_side(spec.transform) < kFullChromaBelowPx;
    out.how.chroma = is_small ? kFullChroma : kHalfChroma;
    return out;
}

int shrink_of(const Rendering& how) {
    if (how.crop == whole(how.input)) {
        for (const std::uint32_t part : {8U, 4U, 2U}) {
            const Size size{
                ceil_div(how.input.width_px, part), ceil_div(how.input.height_px, part)
            };
            if (how.resized == size) return static_cast<int>(part);
        }
    }
    return shrink_for(how.crop.size, how.resized);
}

// The master halved as often as leaves the filters enough; nullopt: nobody asks for pixels.
std::optional<Size> pixels_for(const std::vector<PlannedProduct>& products, Size master) {
    double scale = 0;
    for (const PlannedProduct& product : products) {
        if (product.lane == Lane::kPixels) scale = std::max(scale, scale_of(product.how));
    }
    if (scale == 0) return std::nullopt;
    Size size = master;
    const Size input = products.front().how.input;
    for (;;) {
        const Size half{ceil_div(size.width_px, 2), ceil_div(size.height_px, 2)};
        if (half == size || half.width_px < kLeaveToFilter * scale * input.width_px ||
            half.height_px < kLeaveToFilter * scale * input.height_px)
            return size;
        size = half;
    }
}

// Each row goes through the resamplers as it comes.
class ResampleRows : public RowSink {
public:
    ResampleRows(const JpegLayout& layout, const Rendering& how) {
        const Axes y = axes_of(how, layout.width, layout.height, kFullChroma, kFullChroma);
        planes_[0] = std::make_unique<RowResampler>(layout.y, y.across, y.down);
        if (layout.colour.width_px == 0) return;
        const Axes c = axes_of(how, layout.width, layout.height, layout.chroma, how.chroma);
        for (std::size_t i = 1; i < 3; ++i)
            planes_.at(i) = std::make_unique<RowResampler>(layout.colour, c.across, c.down);
    }
    void push(int plane, const std::uint8_t* row) override {
        planes_.at(static_cast<std::size_t>(plane))->push(row);
    }
    Plane take(std::size_t plane) {
        return planes_.at(plane) ? planes_.at(plane)->take() : Plane();
    }

private:
    std::array<std::unique_ptr<RowResampler>, 3> planes_;
};

}  // namespace

double scale_of(const Rendering& how) {
    return std::max(
        static_cast<double>(how.resized.width_px) / how.crop.size.width_px,
        static_cast<double>(how.resized.height_px) / how.crop.size.height_px
    );
}

std::vector<PlannedProduct> plan_products(const PrepareRequest& request, const Facts& facts) {
    std::vector<PlannedProduct> all;
    for (std::uint32_t i = 0; i < request.product_count; ++i)
        all.push_back(plan_product(i, request, facts));
    const auto is_left_out = [&](const PlannedProduct& product) {
        return product.is_rendition && std::ranges::any_of(all, [&](const PlannedProduct& other) {
                   return other.is_rendition && other.how.resized == product.how.resized &&
                          asked_side(other.request.transform) <
                              asked_side(product.request.transform);
               });
    };
    std::vector<PlannedProduct> kept;
    for (const PlannedProduct& product : all) {
        if (!is_left_out(product)) kept.push_back(product);
    }
    return kept;
}

DecodePlan plan_decode(
    const std::vector<PlannedProduct>& products, Size stored, std::uint64_t max_bytes
) {
    DecodePlan plan;
    plan.shrink = shrink_for(stored, fitting(stored, kPlaceholderSidePx));
    plan.master = fitting(stored, kPlaceholderSidePx);
    double scale = 0;
    for (const PlannedProduct& product : products) {
        if (product.lane == Lane::kOriginal) continue;
        plan.shrink = std::min(plan.shrink, shrink_of(product.how));
        if (scale_of(product.how) <= scale) continue;
        scale = scale_of(product.how);
        const bool is_whole = product.how.crop == whole(stored);
        plan.master = product.how.resized;
        if (!is_whole || scale > 1) {
            const double part = std::min(scale, 1.0);
            plan.master = {
                static_cast<std::uint32_t>(std::ceil(stored.width_px * part)),
                static_cast<std::uint32_t>(std::ceil(stored.height_px * part))
            };
        }
    }
    for (const PlannedProduct& product : products) {
        // Half of it is enough for what is at most half as large.
        if (product.lane != Lane::kOriginal && product.how.chroma == kFullChroma &&
            scale_of(product.how) > scale / 2)
            plan.chroma = kFullChroma;
    }
    const auto shrink = static_cast<std::uint32_t>(plan.shrink);
    const Size decoded{ceil_div(stored.width_px, shrink), ceil_div(stored.height_px, shrink)};
    const std::uint64_t samples = std::uint64_t{decoded.width_px} * decoded.height_px;
    plan.streams = scale > 0 && plan.master != decoded && samples * 3 / 2 > max_bytes;
    plan.pixels = pixels_for(products, plan.master);
    return plan;
}

bool decode_master(
    Bytes data,
    const Limits& limits,
    const JpegHead& head,
    JpegReader& reader,
    const DecodePlan& plan,
    Planes& master
) {
    const Rendering how{head.size, whole(head.size), plan.master, 1, plan.chroma};
    if (plan.shrink == 8 && eighth_is_enough(head, how)) {
        // This decides on the verdict too.
        if (auto eighth = decode_eighth_planes(data, head, limits, jpeg::AcScans::kRead)) {
            master = *std::move(eighth);
            return true;
        }
    }
    if (!plan.streams) {
        const ChromaWanted chroma =
            plan.chroma == kHalfChroma ? ChromaWanted::kHalf : ChromaWanted::kAsDecoded;
        return decode_planes(reader, plan.shrink, chroma, master);
    }
    JpegLayout layout;
    if (!reader.start(plan.shrink, layout)) return false;
    ResampleRows rows(layout, how);
    if (!reader.decode(rows)) return false;
    master = {};
    master.y = rows.take(0);
    master.cb = rows.take(1);
    master.cr = rows.take(2);
    master.chroma = plan.chroma;
    master.width = plan.master.width_px;
    master.height = plan.master.height_px;
    return true;
}

std::optional<Product> make_product(const PlannedProduct& product, Planes planes) {
    const Transform& transform = product.request.transform;
    auto bytes = product.is_rendition
                     ? encode_jpeg(planes, quality_of(transform), JpegStyle::kPlain)
                     : encode_planes(planes, transform, product.request.effort);
    if (!bytes) return std::nullopt;
    Product out;
    out.index = product.index;
    out.facts.format = format_of(transform.format);
    out.facts.width_px = planes.y.width();
    out.facts.height_px = planes.y.height();
    out.bytes = *std::move(bytes);
    return out;
}

TransformRequest after_resize(const PlannedProduct& product) {
    TransformRequest request = product.request;
    Transform& t = request.transform;
    t.rotate_degrees = 0;
    t.flip = Flip::kNone;
    t.crop = {};
    t.width_px = t.height_px = 0;
    t.fit = Fit::kScaleDown;
    t.gravity = {};
    t.enlarge = false;
    return request;
}

}  // namespace pixgate::imaging
