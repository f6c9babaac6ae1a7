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

    // `facts` are the original's, `planes` lie as it does and are `size` of pixels or more.
    Master(const Facts& facts, Planes planes, Size size);
    // `facts` are the original's, but upright like the pixels.
    Master(const Facts& facts, Pixels pixels);

    // True where there is enough of the picture for it.
    bool can_make(const PlannedProduct& product) const;
    // `mark`: the watermark, encoded, for products that ask for it.
    TransformAnswer make(const PlannedProduct& product, Bytes mark = {});
    Placeholders placeholders();
    // Upright, in the colours of the planes.
    const Pixels& pixels();

private:
    bool is_wide() const { return pixels_ && !pixels_->profile.empty(); }

    Facts facts_;
    Size input_, size_;  // the original's and the master's, as they lie
    std::optional<Pixels> pixels_;
    Pyramid pyramid_;
};

}  // namespace pixgate::imaging
