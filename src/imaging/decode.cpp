#include "imaging/decode.h"

#include <algorithm>

#include "imaging/bmp.h"
#include "imaging/probe.h"
#include "imaging/probe/formats.h"
#include "imaging/vips_setup.h"

namespace pixgate::imaging {
namespace {

using vips::VImage;
using vips::VOption;

constexpr std::uint64_t kStripBytes = 1 << 20;
// Below this a shrunk JPEG is not worth the special cases of tiny pictures.
constexpr std::uint32_t kMinSideToShrinkPx = 64;
constexpr int kVerifyShrink = 8;

VOption* common_options() {
    // Errors and truncation, but not mere warnings: real cameras write odd bytes.
    return VImage::option()
        ->set("access", VIPS_ACCESS_SEQUENTIAL)
        ->set("fail_on", VIPS_FAIL_ON_ERROR);
}

// Pulls all pixels through the pipeline in strips, in this thread.
void pull_all_pixels(const VImage& image) {
    VipsRegion* region = vips_region_new(image.get_image());
    const auto row_bytes = std::max<std::uint64_t>(1, VIPS_IMAGE_SIZEOF_LINE(image.get_image()));
    const int rows = static_cast<int>(std::clamp<std::uint64_t>(kStripBytes / row_bytes, 8, 256));
    bool ok = region != nullptr;
    for (int top = 0; ok && top < image.height(); top += rows) {
        VipsRect strip{0, top, image.width(), std::min(rows, image.height() - top)};
        ok = vips_region_prepare(region, &strip) == 0;
    }
    if (region != nullptr) g_object_unref(region);
    if (!ok) throw vips::VError();
}

bool is_multi_page(Format format) {
    return format == Format::kGif || format == Format::kWebp;
}

DecodeOutcome check_and_pull(const VImage& image, const Limits& limits, std::uint64_t frames) {
    const auto width = static_cast<std::uint64_t>(image.width());
    const auto height = static_cast<std::uint64_t>(image.height());
    const auto refusal =
        check_limits(limits, width, height / std::max<std::uint64_t>(1, frames), 1, width * height);
    if (refusal != Refusal::kNone) return {refusal, "decoder's size"};
    pull_all_pixels(image);
    return {};
}

VImage open_bmp(Bytes data) {
    const auto picture = decode_bmp(data);
    if (!picture) throw vips::VError("not what its header says");
    VImage borrowed = VImage::new_from_memory(
        const_cast<std::uint8_t*>(picture->pixels.data()), picture->pixels.size(),
        static_cast<int>(picture->width_px), static_cast<int>(picture->height_px),
        static_cast<int>(picture->bands), VIPS_FORMAT_UCHAR
    );
    return borrowed.copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB))
        .copy_memory();
}

DecodeOutcome decode_pages(Bytes data, const Facts& facts, const Limits& limits) {
    LoadOptions options;
    if (facts.format == Format::kTiff) {
        // Page by page: the sizes may differ, which a strip of all pages cannot hold.
        for (std::uint32_t page = 0; page < facts.frames; ++page) {
            options.page = static_cast<int>(page);
            auto outcome = check_and_pull(open_picture(data, facts.format, options), limits, 1);
            if (outcome.refusal != Refusal::kNone) return outcome;
        }
        return {};
    }
    const bool is_large = std::min(facts.width_px, facts.height_px) >= kMinSideToShrinkPx;
    if (facts.format == Format::kJpeg && is_large) options.shrink = kVerifyShrink;
    if (is_multi_page(facts.format)) options.pages = -1;
    const std::uint64_t frames = is_multi_page(facts.format) ? facts.frames : 1;
    return check_and_pull(open_picture(data, facts.format, options), limits, frames);
}

}  // namespace

DecoderInput::DecoderInput(Bytes data, Format format) : data_(data) {
    if (format == Format::kPng) cleaned_ = png_without_extras(data);
}

VImage open_picture(Bytes data, Format format, const LoadOptions& options) {
    VipsBlob* blob = vips_blob_new(nullptr, data.data(), data.size());
    // The blob is only borrowed by the loaders; this drops our reference on every path.
    struct BlobGuard {
        VipsBlob* blob;
        ~BlobGuard() { vips_area_unref(VIPS_AREA(blob)); }
    } guard{blob};
    VOption* all = common_options();
    switch (format) {
        case Format::kJpeg:
            return VImage::jpegload_buffer(blob, all->set("shrink", options.shrink));
        case Format::kPng:
            return VImage::pngload_buffer(blob, all);
        case Format::kGif:
            return VImage::gifload_buffer(
                blob, all->set("page", options.page)->set("n", options.pages)
            );
        case Format::kWebp:
            return VImage::webpload_buffer(
                blob,
                all->set("page", options.page)->set("n", options.pages)->set("scale", options.scale)
            );
        // Without a page the loaders take the primary picture.
        case Format::kAvif:
        case Format::kHeic:
            return VImage::heifload_buffer(blob, all);
        case Format::kTiff:
            return VImage::tiffload_buffer(blob, all->set("page", options.page));
        case Format::kSvg: {
            const SvgLoaderAllowed allowed;
            return VImage::svgload_buffer(blob, all->set("scale", options.scale));
        }
        case Format::kBmp:
            delete all;
            return open_bmp(data);
        default:
            break;
    }
    delete all;
    throw vips::VError("no decoder for this format");
}

DecodeOutcome decode_fully(Bytes data, const Facts& facts, const Limits& limits) {
    take_vips_error();  // what an earlier picture left there
    try {
        const DecoderInput input(data, facts.format);
        return decode_pages(input.bytes(), facts, limits);
    } catch (const vips::VError&) {
        return {Refusal::kBroken, take_vips_error()};
    }
}

}  // namespace pixgate::imaging
