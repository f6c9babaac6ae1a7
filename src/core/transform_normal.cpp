// One meaning, one transform. What is left out here can have no effect on any picture, so that no
// two names in the cache hold the same bytes.
#include "core/transform.h"

namespace pixgate {

namespace {

bool is_cut(Fit fit) {
    return fit == Fit::kCover || fit == Fit::kCrop;
}

void normalise_fit(Transform& t) {
    if (t.width_px == 0 && t.height_px == 0) {
        t.fit = Fit::kScaleDown;
        t.enlarge = false;
    }
    // Without both sides there is no box to fill.
    if (t.width_px == 0 || t.height_px == 0) {
        if (t.fit != Fit::kScaleDown) t.fit = Fit::kContain;
    }
    if (t.fit == Fit::kScaleDown || t.fit == Fit::kCrop) t.enlarge = false;
    if (!t.enlarge && t.fit == Fit::kContain) t.fit = Fit::kScaleDown;
    if (!t.enlarge && t.fit == Fit::kCover) t.fit = Fit::kCrop;
}

// A point on a corner, in the middle of a side or of the picture has that one's name.
GravityKind named(const Gravity& gravity) {
    constexpr GravityKind kNames[3][3] = {
        {GravityKind::kTopLeft, GravityKind::kTop, GravityKind::kTopRight},
        {GravityKind::kLeft, GravityKind::kCentre, GravityKind::kRight},
        {GravityKind::kBottomLeft, GravityKind::kBottom, GravityKind::kBottomRight},
    };
    const auto third = [](std::uint16_t permille) {
        return permille == 0 ? 0 : permille == 500 ? 1 : permille >= 1'000 ? 2 : -1;
    };
    const int x = third(gravity.x_permille);
    const int y = third(gravity.y_permille);
    return x < 0 || y < 0 ? GravityKind::kPoint : kNames[y][x];
}

void normalise_gravity(Transform& t) {
    if (t.gravity.kind == GravityKind::kPoint) t.gravity.kind = named(t.gravity);
    const bool has_effect =
        is_cut(t.fit) || (t.fit == Fit::kPad && t.gravity.kind != GravityKind::kSmart);
    if (!has_effect) t.gravity = {};
    if (t.gravity.kind != GravityKind::kPoint) t.gravity = {.kind = t.gravity.kind};
}

// The eight ways a picture can lie, each by a turn or a mirror alone where one suffices.
void normalise_turn(Transform& t) {
    t.rotate_degrees %= 360;
    const auto turn = [&t](std::uint16_t degrees) {
        t.rotate_degrees = static_cast<std::uint16_t>((t.rotate_degrees + degrees) % 360);
    };
    if (t.flip == Flip::kBoth) {
        t.flip = Flip::kNone;
        turn(180);
    }
    if (t.flip != Flip::kNone && t.rotate_degrees >= 180) {
        t.flip = t.flip == Flip::kHorizontal ? Flip::kVertical : Flip::kHorizontal;
        turn(180);
    }
}

void normalise_output(Transform& t) {
    const bool may_move = t.format == OutputFormat::kWebp || t.format == OutputFormat::kGif ||
                          t.format == OutputFormat::kAuto;
    if (!may_move) t.animate = false;
    const bool has_quality = t.format != OutputFormat::kPng && t.format != OutputFormat::kGif;
    Transform plain = t;
    plain.quality = 0;
    if (!has_quality || t.quality == quality_of(plain)) t.quality = 0;
    // JPEG cannot be transparent, so it is on white anyway.
    if (t.format == OutputFormat::kJpeg && t.background == Rgb{}) t.background.reset();
    if (!t.watermark.is_on) t.watermark = {};
    if (t.watermark.is_tiled) t.watermark.position = Watermark{}.position;
}

}  // namespace

Transform normalised(Transform t) {
    if (t.crop.width_px == 0 || t.crop.height_px == 0) t.crop = {};
    normalise_fit(t);
    normalise_gravity(t);
    normalise_turn(t);
    normalise_output(t);
    return t;
}

}  // namespace pixgate
