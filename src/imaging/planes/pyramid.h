// One decoded picture and its halves, made when they are first wanted: small pictures are made from
// the smallest that is still large enough.
#pragma once

#include <deque>

#include "imaging/planes/render.h"

namespace pixgate::imaging {

class Pyramid {
public:
    // `input` is the picture's own size, `master` the same picture at that size or smaller.
    Pyramid(Size input, Planes master) : input_(input) { levels_.push_back(std::move(master)); }

    // As render(), from the level that serves best.
    Planes make(const Rendering& how);
    // The same for the last time: what is left then is nothing.
    Planes make_last(const Rendering& how);
    // Nothing is made after that.
    void clear() { levels_.clear(); }

private:
    Planes& level_for(const Rendering& how);
    double scale_of(const Planes& level) const { return level.width / input_.width_px; }

    Size input_;
    std::deque<Planes> levels_;  // each half as wide and high as the one before it
};

// Half as wide and high, rounded up; colour half of that again.
Planes halved(const Planes& source);

}  // namespace pixgate::imaging
