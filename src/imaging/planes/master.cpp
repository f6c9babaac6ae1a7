#include "imaging/planes/master.h"

#include <utility>

#include "imaging/encode.h"
#include "imaging/placeholder.h"
#include "imaging/planes/rgb.h"
#include "imaging/transform.h"
#include "imaging/vips_setup.h"

namespace pixgate::imaging {
namespace {

// A cut of the whole picture may ask for this much more than the master has by rounding alone.
constexpr double kRounding = 1.01;
constexpr double kLeaveToFilter = 1.25;

Size stored_size(const Facts& facts) {
    Size size{facts.width_px, facts.height_px};
    if (swaps_sides(facts.orientation)) std::swap(size.width_px, size.height_px);
    return size;
}

TransformAnswer answer_of(std::optional<Product> product) {
    if (!product) return {Refusal::kBroken, {}, {}, "an encoder gave up"};
    return {Refusal::kNone, product->facts, std::move(product->bytes), {}};
}

// As large as it is, so that there is nothing to do but to write it.
TransformAnswer write_rendition(const PlannedProduct& product, const Pixels& pixels) {
    TransformAnswer answer;
    answer.facts.format = format_of(product.request.transform.format);
    answer.facts.width_px = pixels.size.width_px;
    answer.facts.height_px = pixels.size.height_px;
    answer.facts.has_alpha = pixels.bands == 4;
    try {
        answer.bytes = encode(
            view_of(pixels),
            {answer.facts.format, quality_of(product.request.transform), product.request.effort, {}}
        );
    } catch (const vips::VError&) {
        return {Refusal::kBroken, {}, {}, take_vips_error()};
    }
    return answer;
}

}  // namespace

Master::Master(const Facts& facts, Planes planes, const DecodePlan& plan)
    : facts_(facts),
      input_(stored_size(facts)),
      size_(plan.master),
      pixels_size_(plan.pixels.value_or(plan.master)),
      pyramid_(input_, std::move(planes)) {}

Master::Master(const Facts& facts, Pixels pixels, const DecodePlan& plan)
    : facts_(facts),
      input_(stored_size(facts)),
      size_(pixels.size),
      pixels_size_(pixels.size),
      pixels_(std::move(pixels)),
      pyramid_(
          input_, from_pixels(pixels_->samples.data(), pixels_->size, pixels_->bands, plan.chroma)
      ) {
    if (!plan.pixels && !is_wide()) pixels_.reset();
}

bool Master::can_make(const PlannedProduct& product) const {
    if (product.lane == Lane::kOriginal) return false;
    if (product.lane == Lane::kPixels && !pixels_ &&
        std::uint64_t{pixels_size_.width_px} * pixels_size_.height_px > kMaxPixels)
        return false;
    const auto has_enough = [](std::uint32_t resized, std::uint32_t crop, std::uint32_t master,
                               std::uint32_t input) {
        return master == input || double{1} * resized / crop <= kRounding * master / input;
    };
    const Rendering& how = product.how;
    return has_enough(
               how.resized.width_px, how.crop.size.width_px, size_.width_px, input_.width_px
           ) &&
           has_enough(
               how.resized.height_px, how.crop.size.height_px, size_.height_px, input_.height_px
           );
}

const Pixels& Master::pixels_for(const PlannedProduct& product) {
    if (!pixels_) {
        const Rendering how{
            input_, {{0, 0}, input_}, pixels_size_, facts_.orientation, kFullChroma
        };
        pixels_ = to_pixels(pyramid_.make(how));
    }
    const double half = 0.5 * size_.width_px / input_.width_px;
    // The halves are means of values, not of light.
    const bool is_exact = product.request.linear_light || pixels_->size != size_;
    if (is_exact || half < kLeaveToFilter * scale_of(product.how)) return *pixels_;
    if (!half_) half_ = halved(*pixels_);
    return *half_;
}

TransformAnswer Master::finish(const PlannedProduct& product, Planes planes, Bytes mark) {
    if (product.lane == Lane::kPlanes) return answer_of(make_product(product, std::move(planes)));
    return transform_pixels(to_pixels(planes), after_resize(product), mark);
}

TransformAnswer Master::make_last(const PlannedProduct& product, Bytes mark) {
    if (lane_of(product) == Lane::kPixels) {
        if (pixels_) pyramid_.clear();
        half_.reset();
        return make(product, mark);
    }
    pixels_.reset();
    half_.reset();
    return finish(product, pyramid_.make_last(product.how), mark);
}

TransformAnswer Master::make(const PlannedProduct& product, Bytes mark) {
    if (lane_of(product) != Lane::kPixels) return finish(product, pyramid_.make(product.how), mark);
    TransformRequest request = product.request;
    request.original_width_px = facts_.width_px;
    request.original_height_px = facts_.height_px;
    const Pixels& pixels = pixels_for(product);
    if (product.is_rendition && product.how.resized == pixels.size && !is_wide())
        return write_rendition(product, pixels);
    return transform_pixels(pixels, request, mark);
}

Placeholders Master::placeholders() {
    TransformRequest request;
    request.transform.width_px = request.transform.height_px = kPlaceholderSidePx;
    const Size upright{facts_.width_px, facts_.height_px};
    const Plan plan = as_stored(plan_transform(upright, request), facts_.orientation);
    const Planes planes =
        pyramid_.make({input_, {{0, 0}, input_}, plan.resized, facts_.orientation, kFullChroma});
    std::vector<std::uint8_t> rgba = to_rgba(planes);
    if (is_wide()) {
        Pixels small{{planes.y.width(), planes.y.height()}, 4, std::move(rgba)};
        convert_to_srgb(small, pixels_->profile);
        rgba = std::move(small.samples);
    }
    return make_placeholders({planes.y.width(), planes.y.height(), std::move(rgba)});
}

}  // namespace pixgate::imaging
