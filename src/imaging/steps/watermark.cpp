#include <algorithm>
#include <cmath>

#include "imaging/decode.h"
#include "imaging/probe.h"
#include "imaging/sniff.h"
#include "imaging/steps/steps.h"

namespace pixgate::imaging::steps {
namespace {

using vips::VImage;

// The operator's own picture, but a limit is a limit.
constexpr Limits kMarkLimits{
    .max_bytes = 4 << 20,
    .max_pixels = 16'000'000,
    .max_side_px = 8'192,
    .max_frames = 1,
    .max_total_pixels = 16'000'000,
};
constexpr FormatSet kMarkFormats{Format::kPng, Format::kWebp, Format::kJpeg};
// Between the mark and the edge, and between tiles: this part of the output's shorter side.
constexpr double kMarginPart = 0.02, kTileGapPart = 0.08;

VImage decode_mark(Bytes mark) {
    const Format format = sniff(mark);
    const bool is_readable = mark.size() <= kMarkLimits.max_bytes &&
                             kMarkFormats.contains(format) &&
                             probe(mark, format, kMarkLimits).refusal == Refusal::kNone;
    if (!is_readable) throw vips::VError("the watermark is no PNG, WebP or JPEG within the limits");
    const DecoderInput input(mark, format);
    VImage image = open_picture(input.bytes(), format, {})
                       .copy_memory()
                       .colourspace(VIPS_INTERPRETATION_sRGB)
                       .cast(VIPS_FORMAT_UCHAR);
    if (!image.has_alpha()) image = image.bandjoin_const({255});
    return image;
}

// As large and as faint as it is asked for.
VImage make_mark(const Work& work, int shorter_px) {
    const Watermark& asked = work.asked().watermark;
    const VImage mark = in_output_colours(work, decode_mark(work.mark));
    const double side = std::max(1.0, shorter_px * asked.scale_percent / 100.0);
    const double scale = side / std::max(mark.width(), mark.height());
    const double width = std::max(1.0, std::round(mark.width() * scale));
    const double height = std::max(1.0, std::round(mark.height() * scale));
    const VImage sized =
        mark.premultiply()
            .resize(width / mark.width(), VImage::option()->set("vscale", height / mark.height()))
            .unpremultiply()
            .linear(
                std::vector<double>{1, 1, 1, asked.opacity_percent / 100.0},
                std::vector<double>{0, 0, 0, 0}
            );
    return sized.cast(VIPS_FORMAT_UCHAR)
        .copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB))
        .copy_memory();
}

int placed(GravityKind kind, int room, int margin, bool is_across) {
    using enum GravityKind;
    const bool is_first = is_across ? kind == kLeft || kind == kTopLeft || kind == kBottomLeft
                                    : kind == kTop || kind == kTopLeft || kind == kTopRight;
    const bool is_last = is_across ? kind == kRight || kind == kTopRight || kind == kBottomRight
                                   : kind == kBottom || kind == kBottomLeft || kind == kBottomRight;
    const int at = is_first ? margin : is_last ? room - margin : room / 2;
    return std::clamp(at, 0, std::max(0, room));
}

VImage laid_on(const VImage& under, const VImage& mark, int left, int top) {
    const VImage both = under.composite2(
        mark, VIPS_BLEND_MODE_OVER, VImage::option()->set("x", left)->set("y", top)
    );
    const VImage same_bands =
        under.has_alpha() ? both : both.extract_band(0, VImage::option()->set("n", under.bands()));
    return same_bands.cast(VIPS_FORMAT_UCHAR)
        .copy(VImage::option()->set("interpretation", under.interpretation()));
}

VImage tiled(const VImage& mark, int gap, int width, int height) {
    const VImage tile = mark.embed(0, 0, mark.width() + gap, mark.height() + gap);
    const int across = width / tile.width() + 1, down = height / tile.height() + 1;
    return tile.replicate(across, down).crop(0, 0, width, height);
}

}  // namespace

void watermark(Work& work) {
    const Watermark& asked = work.asked().watermark;
    if (!asked.is_on) return;
    const int width = work.image.width(), height = work.image.height();
    const int shorter = std::min(width, height);
    if (!work.mark_image) work.mark_image = make_mark(work, shorter);
    const VImage& mark = *work.mark_image;
    if (asked.is_tiled) {
        const int gap = std::max(1, static_cast<int>(shorter * kTileGapPart));
        work.image = laid_on(work.image, tiled(mark, gap, width, height), 0, 0);
        return;
    }
    const int margin = static_cast<int>(shorter * kMarginPart);
    const int left = placed(asked.position, width - mark.width(), margin, true);
    const int top = placed(asked.position, height - mark.height(), margin, false);
    // Only where the mark lies: the rest need not be computed again.
    const VImage under = work.image.extract_area(left, top, mark.width(), mark.height());
    work.image = work.image.insert(laid_on(under, mark, 0, 0), left, top);
}

}  // namespace pixgate::imaging::steps
