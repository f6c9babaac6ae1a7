#include "imaging/transform.h"

#include <array>
#include <span>
#include <utility>

#include "imaging/decode.h"
#include "imaging/planes/lean.h"
#include "imaging/probe.h"
#include "imaging/rights.h"
#include "imaging/steps/frames.h"
#include "imaging/steps/steps.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"

namespace pixgate::imaging {
namespace {

using vips::VImage;

// The whole of a transform, in order: once for the picture...
constexpr std::array<Step, 2> kOnce{&steps::plan, &steps::open};
// ...then for each frame that is kept.
constexpr std::array<Step, 17> kOnEachFrame{
    &steps::trim,          &steps::focus,       &steps::crop,    // what of it
    &steps::to_linear,     &steps::premultiply, &steps::resize,  // how large
    &steps::unpremultiply, &steps::settle,      &steps::to_output_colours,
    &steps::turn,          &steps::pad,         &steps::flatten,  // upright, on its canvas
    &steps::blur,          &steps::sharpen,     &steps::adjust,
    &steps::grayscale,     &steps::watermark,
};

void run(std::span<const Step> steps, Work& work) {
    for (const Step step : steps) {
        if (work.refusal != Refusal::kNone) return;
        step(work);
    }
}

// Everything that came with the picture but its pixels: the savers' own `strip` is not enough, that
// of libvips 8.14 lets EXIF through into WebP.
VImage without_metadata(const VImage& image) {
    VImage copy = image.copy();
    char** fields = vips_image_get_fields(copy.get_image());
    for (char** field = fields; field != nullptr && *field != nullptr; ++field)
        vips_image_remove(copy.get_image(), *field);  // the built-in ones stay
    g_strfreev(fields);
    return copy;
}

Bytes blob_of(const VImage& image, const char* name) {
    if (image.get_typeof(name) != VIPS_TYPE_BLOB) return {};
    std::size_t bytes = 0;
    const void* data = image.get_blob(name, &bytes);
    return {static_cast<const std::uint8_t*>(data), bytes};
}

Extras extras_of(const Work& work, Bytes original) {
    Extras extras;
    extras.profile = work.profile;
    if (work.asked().metadata != KeepMetadata::kCopyright) return extras;
    // What is not needed for pixels was taken out of a PNG before it was opened.
    Rights rights = work.source.format == Format::kPng ? rights_in_png(original) : Rights{};
    rights = merged(rights, rights_in_exif(blob_of(work.opened, VIPS_META_EXIF_NAME)));
    rights = merged(rights, rights_in_xmp(blob_of(work.opened, VIPS_META_XMP_NAME)));
    rights = merged(rights, rights_in_iptc(blob_of(work.opened, VIPS_META_IPTC_NAME)));
    extras.exif = exif_of(rights);
    extras.xmp = xmp_of(rights);
    return extras;
}

// Encoders put equal frames that follow on each other into one, so the frames are counted again.
Facts facts_of(const VImage& frame, const std::string& encoded, const Work& work) {
    Facts facts;
    facts.format = format_of(work.asked().format);
    facts.width_px = static_cast<std::uint32_t>(frame.width());
    facts.height_px = static_cast<std::uint32_t>(frame.height());
    facts.has_alpha = frame.has_alpha();
    if (work.frames > 1) {
        const Bytes bytes(reinterpret_cast<const std::uint8_t*>(encoded.data()), encoded.size());
        facts.frames = probe(bytes, facts.format, work.request.limits).facts.frames;
    }
    return facts;
}

// All frames that are kept, as they shall be encoded.
std::vector<VImage> make_frames(Work& work) {
    const std::uint32_t frames = work.frames;
    std::vector<VImage> made;
    for (work.frame = 0; work.frame < frames && work.refusal == Refusal::kNone; ++work.frame) {
        if (frames > 1) work.image = steps::frame_of(work.opened, work.frame);
        run(kOnEachFrame, work);
        made.push_back(without_metadata(frames > 1 ? work.image.copy_memory() : work.image));
    }
    return made;
}

TransformAnswer encode_frames_of(Work& work, const std::vector<VImage>& made, Bytes original) {
    if (work.refusal != Refusal::kNone) return {work.refusal, {}, {}, {}};
    const Transform& asked = work.asked();
    const EncodeOptions options{
        format_of(asked.format), quality_of(asked), work.request.effort, extras_of(work, original)
    };
    TransformAnswer answer;
    answer.bytes = work.frames > 1
                       ? encode_frames(made, steps::animation_of(work.opened, work.frames), options)
                       : encode(made.front(), options);
    answer.facts = facts_of(made.front(), answer.bytes, work);
    return answer;
}

TransformAnswer carry_out(Work& work, Bytes original) {
    run(kOnce, work);
    return encode_frames_of(work, make_frames(work), original);
}

// What libvips said itself, or what one of our own steps said.
std::string words_of(const vips::VError& error) {
    std::string detail = take_vips_error();
    return detail.empty() ? error.what() : detail;
}

// The rows that were decoded last, so that they can be asked for again.
VImage with_last_rows_kept(const VImage& opened) {
    constexpr int kRows = 8;
    return opened.linecache(VImage::option()
                                ->set("tile_height", kRows)
                                ->set("access", VIPS_ACCESS_SEQUENTIAL)
                                ->set("persistent", true));
}

// Filters need not look at the last rows, but what is wrong may be there.
void decode_to_the_end(const VImage& opened) {
    VipsRegion* region = vips_region_new(opened.get_image());
    const VipsRect last{0, opened.height() - 1, opened.width(), 1};
    const bool ok = region != nullptr && vips_region_prepare(region, &last) == 0;
    if (region != nullptr) g_object_unref(region);
    if (!ok) throw vips::VError();
}

}  // namespace

TransformAnswer transform_marked(Bytes data, Bytes mark, const TransformRequest& request) {
    VerifyRequest header;
    header.check_declared = false;
    header.allowed = request.allowed;
    header.limits = request.limits;
    const VerifyAnswer input = verify_header(data, header);
    if (input.refusal != Refusal::kNone) return {input.refusal, {}, {}, input.detail};
    // That lane resizes the numbers as they are stored.
    if (!request.linear_light) {
        if (auto lean = lean_transform(data, input.facts, request)) return *std::move(lean);
    }
    take_vips_error();
    try {
        const DecoderInput decoder_input(data, input.facts.format);
        Work work{
            .data = decoder_input.bytes(), .mark = mark, .request = request, .source = input.facts
        };
        work.frames = steps::kept_frames(input.facts, request.transform);
        return carry_out(work, data);
    } catch (const vips::VError& error) {
        return {Refusal::kBroken, {}, {}, words_of(error)};
    }
}

TransformAnswer transform_bytes(Bytes data, const TransformRequest& request) {
    if (request.mark_bytes > data.size()) return {Refusal::kBroken, {}, {}, "watermark"};
    const std::size_t picture_bytes = data.size() - static_cast<std::size_t>(request.mark_bytes);
    return transform_marked(data.first(picture_bytes), data.subspan(picture_bytes), request);
}

PixelsAnswer pixels_of(Bytes data, const Facts& facts, const TransformRequest& request) {
    take_vips_error();
    try {
        const DecoderInput input(data, facts.format);
        Work work{.data = input.bytes(), .mark = {}, .request = request, .source = facts};
        run(kOnce, work);
        if (work.refusal != Refusal::kNone) return {work.refusal, {}, {}};
        const VImage loaded = work.opened;  // as Work says of it
        work.opened = work.image = with_last_rows_kept(loaded);
        const std::vector<VImage> made = make_frames(work);
        decode_to_the_end(work.opened);
        PixelsAnswer answer{Refusal::kNone, taken_from(made.front()), {}};
        answer.pixels.profile = work.profile;
        return answer;
    } catch (const vips::VError& error) {
        return {Refusal::kBroken, {}, words_of(error)};
    }
}

TransformAnswer transform_pixels(
    const Pixels& pixels, const TransformRequest& request, Bytes mark
) {
    take_vips_error();
    try {
        Work work{.data = {}, .mark = mark, .request = request, .source = {}};
        work.source.width_px = pixels.size.width_px;
        work.source.height_px = pixels.size.height_px;
        steps::plan(work);
        work.opened = work.image = view_of(pixels);
        return encode_frames_of(work, make_frames(work), {});
    } catch (const vips::VError& error) {
        return {Refusal::kBroken, {}, {}, words_of(error)};
    }
}

void convert_to_srgb(Pixels& pixels, Bytes profile) {
    take_vips_error();
    try {
        const TransformRequest request;
        Work work{.data = {}, .mark = {}, .request = request, .source = {}};
        work.image = view_of(pixels);
        vips_image_set_blob_copy(
            work.image.get_image(), VIPS_META_ICC_NAME, profile.data(), profile.size()
        );
        steps::to_output_colours(work);
        pixels = taken_from(work.image);
    } catch (const vips::VError&) {
        take_vips_error();
    }
}

}  // namespace pixgate::imaging
