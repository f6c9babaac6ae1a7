#include "core/dialects/dialect.h"

#include "base/ids.h"
#include "core/bucket.h"

namespace pixgate::dialects {

namespace {
constexpr std::size_t kMaxParts = 32;

template <auto... kFields>
void take_what_is_said(Transform& onto, const Transform& said) {
    constexpr Transform kSilent;
    ((said.*kFields == kSilent.*kFields ? void() : void(onto.*kFields = said.*kFields)), ...);
}
}  // namespace

Result<ImageId> own_image(std::string_view source) {
    constexpr std::string_view kOwn = "pixgate://";
    constexpr std::string_view kStore = "s3://";
    if (source.starts_with(kOwn)) {
        source.remove_prefix(kOwn.size());
    } else if (source.starts_with(kStore)) {
        source.remove_prefix(kStore.size());
        const auto slash = source.find('/');
        const auto key = slash == source.npos ? std::string_view() : source.substr(slash + 1);
        const auto parsed = parse_object_key(key);
        if (source.substr(0, slash) != kOriginalsBucket || !parsed || !parsed->thumbnail.empty())
            return fail(Errc::kNotFound, "not a picture of this server");
        return parsed->id;
    }
    if (!is_uuid_v7(source)) return fail(Errc::kNotFound, "not a picture of this server");
    return ImageId{std::string(source)};
}

Result<std::vector<std::string_view>> parts_of(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    for (;;) {
        if (out.size() == kMaxParts) return fail(Errc::kInvalidArgument, "too many options");
        const auto end = text.find(separator);
        out.push_back(text.substr(0, end));
        if (end == text.npos) return out;
        text.remove_prefix(end + 1);
    }
}

std::optional<OutputFormat> format_of_extension(std::string_view extension) {
    if (extension == "jpg" || extension == "jpeg") return OutputFormat::kJpeg;
    if (extension == "png") return OutputFormat::kPng;
    if (extension == "webp") return OutputFormat::kWebp;
    if (extension == "avif") return OutputFormat::kAvif;
    if (extension == "gif") return OutputFormat::kGif;
    return std::nullopt;
}

void lay_over(Transform& onto, const Transform& said) {
    using T = Transform;
    take_what_is_said<
        &T::rotate_degrees, &T::flip, &T::trim_tolerance, &T::crop, &T::width_px, &T::height_px,
        &T::enlarge, &T::gravity, &T::background, &T::blur_tenths, &T::sharpen_tenths,
        &T::brightness_percent, &T::contrast_percent, &T::saturation_percent, &T::grayscale,
        &T::watermark, &T::animate, &T::quality, &T::format>(onto, said);
}

Flip after_turn(Flip flip, std::uint16_t rotate_degrees) {
    if (rotate_degrees % 180 == 0) return flip;
    if (flip == Flip::kHorizontal) return Flip::kVertical;
    return flip == Flip::kVertical ? Flip::kHorizontal : flip;
}

}  // namespace pixgate::dialects
