#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "imaging/steps/steps.h"
#include "imaging/vips_setup.h"

namespace pixgate::imaging::steps {
namespace {

using vips::VImage;

VImage without_profile(const VImage& image) {
    VImage copy = image.copy();
    copy.remove(VIPS_META_ICC_NAME);
    return copy;
}

Bytes profile_of(const VImage& image) {
    if (image.get_typeof(VIPS_META_ICC_NAME) == 0) return {};
    std::size_t bytes = 0;
    const void* data = image.get_blob(VIPS_META_ICC_NAME, &bytes);
    return {static_cast<const std::uint8_t*>(data), bytes};
}

// For the channels that the picture has (ICC.1, 7.2.6: bytes 16 to 19).
bool has_usable_profile(const VImage& image) {
    const Bytes profile = profile_of(image);
    if (profile.empty()) return false;
    const int channels = image.bands() - (image.has_alpha() ? 1 : 0);
    const char* space = channels == 1 ? "GRAY" : channels == 3 ? "RGB " : "CMYK";
    return starts_with(profile, space, 16);
}

bool is_cmyk(const VImage& image) {
    return image.interpretation() == VIPS_INTERPRETATION_CMYK;
}

// Where the profile has this tag; 0 when it has none. ICC.1, 7.3: a table behind the header.
std::uint32_t place_of_tag(Bytes profile, std::string_view tag) {
    constexpr std::size_t kTableAt = 128;
    constexpr std::uint32_t kMaxTags = 100;
    ByteReader table(profile);
    table.skip(kTableAt);
    const std::uint32_t tags = std::min(table.u32(), kMaxTags);
    for (std::uint32_t i = 0; i < tags && table.ok(); ++i) {
        const Bytes name = table.take(4);
        const std::uint32_t at = table.u32();
        table.skip(4);
        if (is(name, tag)) return at;
    }
    return 0;
}

// x of the chromaticity of a colorant, ICC.1, 10.31: an XYZ number of signed 16.16 fixed point.
// Negative when there is none.
double colorant_x(Bytes profile, std::string_view tag) {
    const std::uint32_t at = place_of_tag(profile, tag);
    if (at == 0) return -1;
    ByteReader value(profile);
    value.seek(at);
    value.skip(8);
    std::array<double, 3> xyz{};
    for (double& v : xyz) v = static_cast<std::int32_t>(value.u32()) / 65536.0;
    const double sum = xyz[0] + xyz[1] + xyz[2];
    return value.ok() && sum > 0 ? xyz[0] / sum : -1;
}

// Some profiles are a table for the perceptual intent alone, which then stands for all of them
// (ICC.1, 9.2.1); libvips would take such a picture for sRGB.
VipsIntent intent_of(Bytes profile) {
    const auto has = [&](std::string_view tag) { return place_of_tag(profile, tag) != 0; };
    const bool is_perceptual_only = has("A2B0") && !has("A2B1") && !has("rXYZ") && !has("kTRC");
    return is_perceptual_only ? VIPS_INTENT_PERCEPTUAL : VIPS_INTENT_RELATIVE;
}

// Green or red lies further out than sRGB's, whose colorants (adapted to D50) are at x = 0.321 and
// 0.648; Display P3's at 0.285 and 0.681.
bool is_wider_than_srgb(Bytes profile) {
    const double green = colorant_x(profile, "gXYZ"), red = colorant_x(profile, "rXYZ");
    return green >= 0 && red >= 0 && (green < 0.31 || red > 0.66);
}

bool can_carry_profile(OutputFormat format) {
    return format != OutputFormat::kGif;
}

VImage converted(const VImage& image, bool use_embedded, const char* target) {
    return image
        .icc_transform(
            target,
            VImage::option()
                ->set("embedded", use_embedded)
                ->set("input_profile", is_cmyk(image) ? "cmyk" : "srgb")
                ->set("intent", use_embedded ? intent_of(profile_of(image)) : VIPS_INTENT_RELATIVE)
                ->set("black_point_compensation", true)
        )
        .copy_memory();
}

VImage to_wide_gamut(Work& work) {
    const VImage wide = converted(work.image, true, "p3");
    const Bytes profile = profile_of(wide);
    work.profile.assign(profile.begin(), profile.end());
    return without_profile(wide);
}

// A broken profile, or one of another colour space, is as good as none.
VImage without_strange_colours(Work& work) {
    if (has_usable_profile(work.image)) {
        const bool is_wide = work.request.keep_wide_gamut &&
                             can_carry_profile(work.asked().format) &&
                             is_wider_than_srgb(profile_of(work.image));
        try {
            return is_wide ? to_wide_gamut(work)
                           : without_profile(converted(work.image, true, "srgb"));
        } catch (const vips::VError&) {
            take_vips_error();
            work.profile.clear();
        }
    }
    const VImage plain = without_profile(work.image);
    return is_cmyk(plain) ? without_profile(converted(plain, false, "srgb")) : plain;
}

}  // namespace

void to_output_colours(Work& work) {
    // A PNG's is compressed, so its header did not say.
    if (profile_of(work.image).size() > work.request.limits.max_profile_bytes) {
        work.refusal = Refusal::kProfileTooLarge;
        return;
    }
    VImage image = without_strange_colours(work);
    if (image.interpretation() != VIPS_INTERPRETATION_sRGB)
        image = image.colourspace(VIPS_INTERPRETATION_sRGB);
    if (image.format() != VIPS_FORMAT_UCHAR) image = image.cast(VIPS_FORMAT_UCHAR);
    work.image = image;
}

VImage in_output_colours(const Work& work, const VImage& srgb) {
    return work.profile.empty() ? srgb : without_profile(converted(srgb, false, "p3"));
}

}  // namespace pixgate::imaging::steps
