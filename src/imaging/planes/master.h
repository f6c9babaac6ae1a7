// The one decoded picture that everything at first contact is made from, in whichever form is
// wanted.
#pragma once

#include <optional>

#include "imaging/pixels.h"
#include "imaging/planes/products.h"

namespace pixgate::imaging {

class Master {
public:
    // The most pixels that are laid out as RGB at once.
    static constexpr std::uint64_t kMaxPixels = 16'000'000;

    // `facts` are the original's, `planes` lie as it does and are plan.master or more.
    Master(const Facts& facts, Planes planes, const DecodePlan& plan);
    // `facts` are the original's, but upright like the pixels, which are kept where the plan has
    // any.
    Master(const Facts& facts, Pixels pixels, const DecodePlan& plan);

    // True where there is enough of the picture for it.
    bool can_make(const PlannedProduct& product) const;
    // `mark`: the watermark, encoded, for products that ask for it.
    TransformAnswer make(const PlannedProduct& product, Bytes mark = {});
    // The same for the last time: the planes are let go on the way.
    TransformAnswer make_last(const PlannedProduct& product, Bytes mark = {});
    Placeholders placeholders();

private:
    bool is_wide() const { return pixels_ && !pixels_->profile.empty(); }
    // Planes carry no profile.
    Lane lane_of(const PlannedProduct& product) const {
        return is_wide() ? Lane::kPixels : product.lane;
    }
    const Pixels& pixels_for(const PlannedProduct& product);
    TransformAnswer finish(const PlannedProduct& product, Planes planes, Bytes mark);

    Facts facts_;
    Size input_, size_;  // the original's and the master's, as they lie
    Size pixels_size_;   // of `pixels_`, as it lies
    std::optional<Pixels> pixels_;
    std::optional<Pixels> half_;  // of `pixels_`, made when it is first enough
    Pyramid pyramid_;
};

}  // namespace pixgate::imaging
