// Which part of a picture goes where, at which size. Pure arithmetic.
#pragma once

#include "imaging/imaging.h"

namespace pixgate::imaging {

struct Size {
    std::uint32_t width_px = 1;
    std::uint32_t height_px = 1;
    bool operator==(const Size&) const = default;
};

struct Point {
    std::uint32_t left_px = 0;
    std::uint32_t top_px = 0;
    bool operator==(const Point&) const = default;
};

struct Rect {
    Point at;
    Size size;
    bool operator==(const Rect&) const = default;
};

// All in pixels of the input and of the output, in the picture as it stands after EXIF, rotate and
// flip; as_stored() lays it as the input lies.
struct Plan {
    Size source;       // the whole input
    Rect region;       // what trim and crop leave of it
    Size crop;         // the part of the region that is used...
    Point crop_at;     // ...and where it begins in the source
    Size resized;      // what that part becomes
    Size canvas;       // the result; larger than `resized` only for kPad
    Point resized_at;  // where `resized` lies on it
    bool operator==(const Plan&) const = default;
};

// For an input of `source` pixels, upright by EXIF. The crop rectangle and the focal point are
// meant in the original after rotate and flip, also where the input is a smaller rendition of it
// (request.original_*); proportions come from the original then. `within`, in pixels of the
// turned input, is what trim left. Smart gravity counts as the centre: who sees the pixels moves
// `crop_at` inside `region`.
//
// Without `enlarge` no side of `resized` is longer than that of `crop`; a cut keeps the proportions
// of the box even where the source cannot fill it. No side of the result is 0 or longer than
// request.max_side_px, and its area is at most request.max_output_pixels.
Plan plan_transform(Size source, const TransformRequest& request, const Rect* within = nullptr);

// True where the crop rectangle has no pixel inside the picture. The plan then takes the nearest.
bool crops_outside(Size source, const TransformRequest& request);

// The one EXIF orientation (1 to 8) that does what the file says and then what is asked for.
std::uint8_t orientation_after(std::uint8_t stored, const Transform& transform);

// 5 to 8: width and height change places.
constexpr bool swaps_sides(std::uint8_t orientation) {
    return orientation >= 5;
}

// The plan as it lies in a picture that `orientation` makes upright.
Plan as_stored(const Plan& plan, std::uint8_t orientation);
// The other way, for one rectangle of a stored picture of that size.
Rect turned(const Rect& rect, Size stored, std::uint8_t orientation);

}  // namespace pixgate::imaging
