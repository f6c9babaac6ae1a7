#include "imaging/steps/frames.h"

#include <algorithm>

namespace pixgate::imaging::steps {
namespace {

constexpr int kShortestDelayMs = 20, kUsualDelayMs = 100;
// 16 bits of hundredths of a second is what GIF can say.
constexpr int kLongestDelayMs = 655'350;

bool can_move(Format format) {
    return format == Format::kGif || format == Format::kWebp;
}

}  // namespace

std::uint32_t kept_frames(const Facts& source, const Transform& transform) {
    const bool is_kept =
        transform.animate && can_move(source.format) && can_move(format_of(transform.format));
    return is_kept ? std::max(1U, source.frames) : 1;
}

vips::VImage frame_of(const vips::VImage& opened, std::uint32_t index) {
    const int height = vips_image_get_page_height(opened.get_image());
    return opened.extract_area(0, static_cast<int>(index) * height, opened.width(), height);
}

Animation animation_of(const vips::VImage& opened, std::uint32_t frames) {
    Animation animation;
    if (opened.get_typeof("delay") != 0) animation.delays_ms = opened.get_array_int("delay");
    animation.delays_ms.resize(frames, kUsualDelayMs);
    for (int& delay : animation.delays_ms)
        delay = delay < kShortestDelayMs ? kUsualDelayMs : std::min(delay, kLongestDelayMs);
    if (opened.get_typeof("loop") != 0) animation.loops = std::max(0, opened.get_int("loop"));
    return animation;
}

}  // namespace pixgate::imaging::steps
