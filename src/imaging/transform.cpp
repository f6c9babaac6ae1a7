#include "imaging/transform.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vips/vips8>

#include "imaging/decode.h"
#include "imaging/encode.h"
#include "imaging/geometry.h"
#include "imaging/planes/lean.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"

namespace pixgate::imaging {
namespace {

using vips::VImage;

// Larger profiles are not worth the parsing: the picture is taken as sRGB, or plain CMYK.
constexpr std::size_t kMaxProfileBytes = 1 << 20;
// Shrinking while decoding is coarse: leave at least a factor of two to the good filter.
constexpr double kLeaveToFilter = 2.0;

struct Work {
    Bytes data;
    const TransformRequest& request;
    Facts source;
    std::uint8_t orientation = 1;  // EXIF's and the one asked for
    Plan plan{};                   // lies as the picture is stored, not upright
    Size canvas{};                 // upright
    Point resized_at{};
    VImage opened{};  // kept to the end: the HEIF loader of libvips 8.14 frees the profile with it
    VImage image{};
    VipsBandFormat format = VIPS_FORMAT_UCHAR;  // before alpha was multiplied in
};

void open(Work& work) {
    const Plan plan = plan_transform({work.source.width_px, work.source.height_px}, work.request);
    work.orientation = orientation_after(work.source.orientation, work.request.transform);
    work.canvas = plan.canvas;
    work.resized_at = plan.resized_at;
    work.plan = as_stored(plan, work.orientation);
    const double shrink = std::min(
        static_cast<double>(work.plan.crop.width_px) / work.plan.resized.width_px,
        static_cast<double>(work.plan.crop.height_px) / work.plan.resized.height_px
    );
    LoadOptions options;
    while (options.shrink < 8 && shrink >= options.shrink * 2 * kLeaveToFilter) options.shrink *= 2;
    options.scale = std::min(1.0, kLeaveToFilter / shrink);
    if (work.source.format != Format::kJpeg) options.shrink = 1;
    work.opened = open_picture(work.data, work.source.format, options);
    work.image = work.opened;
}

// The image may already be smaller than the source.
void crop(Work& work) {
    const Plan& plan = work.plan;
    if (plan.crop == plan.source) return;
    const double across = static_cast<double>(work.image.width()) / plan.source.width_px;
    const double down = static_cast<double>(work.image.height()) / plan.source.height_px;
    const auto scaled = [](std::uint32_t px, double scale, int least, int most) {
        return std::clamp(static_cast<int>(px * scale + 0.5), least, most);
    };
    const int width = scaled(plan.crop.width_px, across, 1, work.image.width());
    const int height = scaled(plan.crop.height_px, down, 1, work.image.height());
    work.image = work.image.extract_area(
        scaled(plan.crop_at.left_px, across, 0, work.image.width() - width),
        scaled(plan.crop_at.top_px, down, 0, work.image.height() - height), width, height
    );
}

void premultiply(Work& work) {
    work.format = work.image.format();
    if (work.image.has_alpha()) work.image = work.image.premultiply();
}

void resize(Work& work) {
    const double across = static_cast<double>(work.plan.resized.width_px) / work.image.width();
    const double down = static_cast<double>(work.plan.resized.height_px) / work.image.height();
    if (across == 1 && down == 1) return;
    work.image = work.image.resize(across, VImage::option()->set("vscale", down));
}

void unpremultiply(Work& work) {
    if (work.image.has_alpha()) work.image = work.image.unpremultiply().cast(work.format);
}

// Decoding happens here, top to bottom; what follows may look at pixels in any order.
void settle(Work& work) {
    work.image = work.image.copy_memory();
}

VImage without_profile(const VImage& image) {
    VImage copy = image.copy();
    copy.remove(VIPS_META_ICC_NAME);
    return copy;
}

// Not too large, and for the channels that the picture has (ICC.1, 7.2.6: bytes 16 to 19).
bool has_usable_profile(const VImage& image) {
    if (image.get_typeof(VIPS_META_ICC_NAME) == 0) return false;
    std::size_t profile_bytes = 0;
    const auto* data =
        static_cast<const std::uint8_t*>(image.get_blob(VIPS_META_ICC_NAME, &profile_bytes));
    if (profile_bytes > kMaxProfileBytes) return false;
    const int channels = image.bands() - (image.has_alpha() ? 1 : 0);
    const char* space = channels == 1 ? "GRAY" : channels == 3 ? "RGB " : "CMYK";
    return starts_with(Bytes(data, profile_bytes), space, 16);
}

bool is_cmyk(const VImage& image) {
    return image.interpretation() == VIPS_INTERPRETATION_CMYK;
}

VImage convert_profile(const VImage& image, bool use_embedded) {
    return image
        .icc_transform(
            "srgb", VImage::option()
                        ->set("embedded", use_embedded)
                        ->set("input_profile", is_cmyk(image) ? "cmyk" : "srgb")
                        ->set("intent", VIPS_INTENT_RELATIVE)
                        ->set("black_point_compensation", true)
        )
        .copy_memory();
}

// A broken profile, or one of another colour space, is as good as none.
VImage convert_or_ignore_profile(const VImage& image) {
    if (has_usable_profile(image)) {
        try {
            return convert_profile(image, true);
        } catch (const vips::VError&) {
            take_vips_error();
        }
    }
    const VImage plain = without_profile(image);
    return is_cmyk(plain) ? convert_profile(plain, false) : plain;
}

void to_srgb(Work& work) {
    VImage image = convert_or_ignore_profile(work.image);
    if (image.interpretation() != VIPS_INTERPRETATION_sRGB)
        image = image.colourspace(VIPS_INTERPRETATION_sRGB);
    if (image.format() != VIPS_FORMAT_UCHAR) image = image.cast(VIPS_FORMAT_UCHAR);
    work.image = image;
}

void turn_upright(Work& work) {
    VImage& image = work.image;
    switch (work.orientation) {
        case 2:
            image = image.fliphor();
            break;
        case 3:
            image = image.rot180();
            break;
        case 4:
            image = image.flipver();
            break;
        case 5:
            image = image.rot90().fliphor();
            break;
        case 6:
            image = image.rot90();
            break;
        case 7:
            image = image.rot270().fliphor();
            break;
        case 8:
            image = image.rot270();
            break;
        default:
            break;
    }
}

std::vector<double> background_of(const Work& work) {
    const Rgb colour = work.request.transform.background.value_or(Rgb{});
    std::vector<double> bands{
        static_cast<double>(colour.red), static_cast<double>(colour.green),
        static_cast<double>(colour.blue)
    };
    if (work.image.has_alpha()) bands.push_back(255);
    return bands;
}

void pad(Work& work) {
    const int width = static_cast<int>(work.canvas.width_px);
    const int height = static_cast<int>(work.canvas.height_px);
    if (width <= work.image.width() && height <= work.image.height()) return;
    work.image = work.image.embed(
        static_cast<int>(work.resized_at.left_px), static_cast<int>(work.resized_at.top_px), width,
        height,
        VImage::option()
            ->set("extend", VIPS_EXTEND_BACKGROUND)
            ->set("background", background_of(work))
    );
}

void flatten(Work& work) {
    if (!work.image.has_alpha() || work.request.transform.format != OutputFormat::kJpeg) return;
    auto background = background_of(work);
    background.resize(3);
    work.image = work.image.flatten(VImage::option()->set("background", background));
}

// Everything that came with the picture but its pixels: the savers' own `strip` is not enough, that
// of libvips 8.14 lets EXIF through into WebP.
void drop_metadata(Work& work) {
    work.image = work.image.copy();
    char** fields = vips_image_get_fields(work.image.get_image());
    for (char** field = fields; field != nullptr && *field != nullptr; ++field)
        vips_image_remove(work.image.get_image(), *field);  // the built-in ones stay
    g_strfreev(fields);
}

// The whole of a transform, in order.
constexpr std::array kSteps{
    &open,    &crop,         &premultiply, &resize,  &unpremultiply, &settle,
    &to_srgb, &turn_upright, &pad,         &flatten, &drop_metadata,
};

}  // namespace

TransformAnswer transform_bytes(Bytes data, const TransformRequest& request) {
    VerifyRequest header;
    header.check_declared = false;
    header.allowed = request.allowed;
    header.limits = request.limits;
    const VerifyAnswer input = verify_header(data, header);
    TransformAnswer answer{input.refusal, {}, {}, input.detail};
    if (input.refusal != Refusal::kNone) return answer;
    if (auto lean = lean_transform(data, input.facts, request)) return *std::move(lean);
    take_vips_error();
    const DecoderInput decoder_input(data, input.facts.format);
    Work work{.data = decoder_input.bytes(), .request = request, .source = input.facts};
    try {
        for (const auto step : kSteps) step(work);
        answer.bytes =
            encode(work.image, format_of(request.transform.format), quality_of(request.transform));
        answer.facts.format = format_of(request.transform.format);
        answer.facts.width_px = static_cast<std::uint32_t>(work.image.width());
        answer.facts.height_px = static_cast<std::uint32_t>(work.image.height());
        answer.facts.has_alpha = work.image.has_alpha();
    } catch (const vips::VError&) {
        answer = {Refusal::kBroken, {}, {}, take_vips_error()};
    }
    return answer;
}

}  // namespace pixgate::imaging
