#include "imaging/planes/master.h"

#include <utility>

#include "imaging/placeholder.h"
#include "imaging/planes/rgb.h"
#include "imaging/transform.h"

namespace pixgate::imaging {
namespace {

// A cut of the whole picture may ask for this much more than the master has by rounding alone.
constexpr double kRounding = 1.01;

Size stored_size(const Facts& facts) {
    Size size{facts.width_px, facts.height_px};
    if (swaps_sides(facts.orientation)) std::swap(size.width_px, size.height_px);
    return size;
}

TransformAnswer answer_of(std::optional<Product> product) {
    if (!product) return {Refusal::kBroken, {}, {}, "an encoder gave up"};
    return {Refusal::kNone, product->facts, std::move(product->bytes), {}};
}

}  // namespace

Master::Master(const Facts& facts, Planes planes, Size size)
    : facts_(facts), input_(stored_size(facts)), size_(size), pyramid_(input_, std::move(planes)) {}

Master::Master(const Facts& facts, Pixels pixels)
    : facts_(facts),
      input_(stored_size(facts)),
      size_(pixels.size),
      pixels_(std::move(pixels)),
      pyramid_(input_, from_pixels(pixels_->samples.data(), pixels_->size, pixels_->bands)) {}

bool Master::can_make(const PlannedProduct& product) const {
    if (product.lane == Lane::kOriginal) return false;
    if (product.lane == Lane::kPixels && !pixels_ &&
        std::uint64_t{size_.width_px} * size_.height_px > kMaxPixels)
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

const Pixels& Master::pixels() {
    if (!pixels_) {
        const Rendering how{input_, {{0, 0}, input_}, size_, facts_.orientation, kFullChroma};
        pixels_ = to_pixels(pyramid_.make(how));
    }
    return *pixels_;
}

TransformAnswer Master::make(const PlannedProduct& product, Bytes mark) {
    // Planes carry no profile.
    const Lane lane = is_wide() ? Lane::kPixels : product.lane;
    if (lane == Lane::kPlanes) return answer_of(make_product(product, pyramid_));
    if (lane == Lane::kResized)
        return transform_pixels(to_pixels(pyramid_.make(product.how)), after_resize(product), mark);
    TransformRequest request = product.request;
    request.original_width_px = facts_.width_px;
    request.original_height_px = facts_.height_px;
    return transform_pixels(pixels(), request, mark);
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
