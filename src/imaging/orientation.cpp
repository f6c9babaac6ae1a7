// The eight ways a picture can lie, and how they follow on each other.
#include <utility>

#include "imaging/geometry.h"

namespace pixgate::imaging {
namespace {

// An orientation is a transposition or none, then flips.
struct Turn {
    bool transposes = false, flips_x = false, flips_y = false;
};

Turn turn_of(std::uint8_t orientation) {
    switch (orientation) {
        case 2:
            return {false, true, false};
        case 3:
            return {false, true, true};
        case 4:
            return {false, false, true};
        case 5:
            return {true, false, false};
        case 6:
            return {true, true, false};
        case 7:
            return {true, true, true};
        case 8:
            return {true, false, true};
        default:
            return {};
    }
}

std::uint8_t orientation_of(const Turn& turn) {
    for (std::uint8_t orientation = 1; orientation <= 8; ++orientation) {
        const Turn other = turn_of(orientation);
        if (other.transposes == turn.transposes && other.flips_x == turn.flips_x &&
            other.flips_y == turn.flips_y)
            return orientation;
    }
    return 1;
}

Turn then(Turn first, const Turn& second) {
    if (second.transposes) std::swap(first.flips_x, first.flips_y);
    return {
        first.transposes != second.transposes, first.flips_x != second.flips_x,
        first.flips_y != second.flips_y
    };
}

Size transposed(Size size) {
    return {size.height_px, size.width_px};
}

Rect flipped(Rect rect, Size outer, const Turn& turn) {
    if (turn.flips_x) rect.at.left_px = outer.width_px - rect.at.left_px - rect.size.width_px;
    if (turn.flips_y) rect.at.top_px = outer.height_px - rect.at.top_px - rect.size.height_px;
    return rect;
}

Rect transposed(const Rect& rect) {
    return {{rect.at.top_px, rect.at.left_px}, transposed(rect.size)};
}

Rect back(const Rect& rect, Size outer, const Turn& turn) {
    const Rect straight = flipped(rect, outer, turn);
    return turn.transposes ? transposed(straight) : straight;
}

}  // namespace

std::uint8_t orientation_after(std::uint8_t stored, const Transform& transform) {
    Turn turn = turn_of(stored);
    constexpr std::uint8_t kQuarter = 6, kHalf = 3, kThreeQuarters = 8;
    switch (transform.rotate_degrees) {
        case 90:
            turn = then(turn, turn_of(kQuarter));
            break;
        case 180:
            turn = then(turn, turn_of(kHalf));
            break;
        case 270:
            turn = then(turn, turn_of(kThreeQuarters));
            break;
        default:
            break;
    }
    const bool is_both = transform.flip == Flip::kBoth;
    const Turn flips{
        false, is_both || transform.flip == Flip::kHorizontal,
        is_both || transform.flip == Flip::kVertical
    };
    return orientation_of(then(turn, flips));
}

Plan as_stored(const Plan& plan, std::uint8_t orientation) {
    const Turn turn = turn_of(orientation);
    Plan stored = plan;
    const Rect crop = back({plan.crop_at, plan.crop}, plan.source, turn);
    const Rect resized = back({plan.resized_at, plan.resized}, plan.canvas, turn);
    stored.region = back(plan.region, plan.source, turn);
    stored.crop = crop.size;
    stored.crop_at = crop.at;
    stored.resized = resized.size;
    stored.resized_at = resized.at;
    if (turn.transposes) {
        stored.source = transposed(plan.source);
        stored.canvas = transposed(plan.canvas);
    }
    return stored;
}

Rect turned(const Rect& rect, Size stored, std::uint8_t orientation) {
    const Turn turn = turn_of(orientation);
    if (!turn.transposes) return flipped(rect, stored, turn);
    return flipped(transposed(rect), transposed(stored), turn);
}

}  // namespace pixgate::imaging
