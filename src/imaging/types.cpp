#include "imaging/types.h"

#include <array>
#include <cctype>

namespace pixgate::imaging {
namespace {

struct FormatRow {
    Format format;
    std::string_view name;
    std::string_view content_type;
};

constexpr std::string_view kUnknownType = "application/octet-stream";
constexpr auto kFormats = std::to_array<FormatRow>({
    {Format::kUnknown, "unknown", kUnknownType},
    {Format::kJpeg, "jpeg", "image/jpeg"},
    {Format::kPng, "png", "image/png"},
    {Format::kGif, "gif", "image/gif"},
    {Format::kWebp, "webp", "image/webp"},
    {Format::kAvif, "avif", "image/avif"},
    {Format::kHeic, "heic", "image/heic"},
    {Format::kTiff, "tiff", "image/tiff"},
    {Format::kBmp, "bmp", "image/bmp"},
    {Format::kSvg, "svg", "image/svg+xml"},
    {Format::kJxl, "jxl", "image/jxl"},
    {Format::kJp2, "jp2", "image/jp2"},
    {Format::kPdf, "pdf", "application/pdf"},
    {Format::kOther, "other", kUnknownType},
});

struct RefusalRow {
    Refusal refusal;
    std::string_view code;
    std::string_view sentence;
};

constexpr auto kRefusals = std::to_array<RefusalRow>({
    {Refusal::kNone, "none", "The picture is good."},
    {Refusal::kEmpty, "empty", "The file is empty."},
    {Refusal::kNotAnImage, "not_an_image", "The file is not a picture."},
    {Refusal::kTypeNotAllowed, "type_not_allowed", "Pictures of this type are not allowed."},
    {Refusal::kTypeMismatch, "type_mismatch", "The file is of another type than was announced."},
    {Refusal::kTooManyBytes, "too_many_bytes", "The file is larger than is allowed."},
    {Refusal::kTooManyPixels, "too_many_pixels", "The picture has more pixels than are allowed."},
    {Refusal::kSideTooLong, "side_too_long", "The picture is wider or higher than is allowed."},
    {Refusal::kTooManyFrames, "too_many_frames", "The animation has more frames than are allowed."},
    {Refusal::kTooManyScans, "too_many_scans",
     "The picture is stored in more scans than are allowed."},
    {Refusal::kBroken, "broken", "The picture is damaged or incomplete."},
    {Refusal::kCropOutside, "crop_outside", "The part to be cut out lies outside of the picture."},
    {Refusal::kOutputTooLarge, "output_too_large",
     "The result would have more pixels than are allowed."},
    {Refusal::kChunkTooLarge, "chunk_too_large",
     "The picture carries more data beside its pixels than is allowed."},
    {Refusal::kProfileTooLarge, "profile_too_large",
     "The picture's colour profile is larger than is allowed."},
    {Refusal::kCodingNotAllowed, "coding_not_allowed",
     "The picture is compressed in a way that is not allowed."},
    {Refusal::kProductsTooLarge, "products_too_large",
     "What is made of the picture takes more bytes than are allowed."},
});
static_assert(kFormats.size() == static_cast<std::size_t>(kLastFormat) + 1);
static_assert(kRefusals.size() == static_cast<std::size_t>(kLastRefusal) + 1);

bool is_same_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (std::tolower(static_cast<unsigned char>(a[i])) !=
            std::tolower(static_cast<unsigned char>(b[i])))
            return false;
    }
    return true;
}

}  // namespace

std::string_view content_type_of(Format format) {
    const auto i = static_cast<std::size_t>(format);
    return i < kFormats.size() ? kFormats[i].content_type : kUnknownType;
}

Format format_of_content_type(std::string_view type) {
    if (is_same_ignoring_case(type, "image/jpg")) return Format::kJpeg;
    if (is_same_ignoring_case(type, "image/heif")) return Format::kHeic;
    for (const auto& row : kFormats) {
        if (row.content_type != kUnknownType && is_same_ignoring_case(type, row.content_type))
            return row.format;
    }
    return Format::kUnknown;
}

std::string_view name_of(Format format) {
    const auto i = static_cast<std::size_t>(format);
    return i < kFormats.size() ? kFormats[i].name : "unknown";
}

std::string_view code_of(Refusal refusal) {
    const auto i = static_cast<std::size_t>(refusal);
    return i < kRefusals.size() ? kRefusals[i].code : "unknown";
}

std::string_view sentence_of(Refusal refusal) {
    const auto i = static_cast<std::size_t>(refusal);
    return i < kRefusals.size() ? kRefusals[i].sentence : "The picture was refused.";
}

}  // namespace pixgate::imaging
