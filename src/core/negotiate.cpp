// Which format a picture is sent in, and how good.
#include "base/encoding.h"
#include "core/transform.h"

namespace pixgate {

namespace {

// True where the parameters hold a weight of 0. Names of parameters are in either case.
bool is_refused(std::string_view parameters) {
    while (!parameters.empty()) {
        const auto semicolon = parameters.find(';');
        const auto parameter = parameters.substr(0, semicolon);
        const auto eq = parameter.find('=');
        const bool is_weight =
            eq != parameter.npos && equal_ignoring_case(trim(parameter.substr(0, eq)), "q");
        if (is_weight && parameter.substr(eq + 1).find_first_not_of("0. \t") == parameter.npos)
            return true;
        parameters =
            semicolon == parameters.npos ? std::string_view() : parameters.substr(semicolon + 1);
    }
    return false;
}

// True where one element of the list is exactly this type, with a weight that is not 0.
bool names_type(std::string_view accept, std::string_view type) {
    while (!accept.empty()) {
        const auto comma = accept.find(',');
        const auto item = accept.substr(0, comma);
        const auto semicolon = item.find(';');
        if (equal_ignoring_case(trim(item.substr(0, semicolon)), type)) {
            if (semicolon == item.npos || !is_refused(item.substr(semicolon + 1))) return true;
        }
        accept = comma == accept.npos ? std::string_view() : accept.substr(comma + 1);
    }
    return false;
}

}  // namespace

OutputFormat negotiate(std::string_view accept, bool has_alpha, AutoFormats formats, bool animate) {
    if (formats.avif && !animate && names_type(accept, "image/avif")) return OutputFormat::kAvif;
    if (formats.webp && names_type(accept, "image/webp")) return OutputFormat::kWebp;
    if (animate) return OutputFormat::kGif;
    return has_alpha ? OutputFormat::kPng : OutputFormat::kJpeg;
}

Transform in_format(Transform t, OutputFormat format) {
    if (t.format == OutputFormat::kAuto && format == OutputFormat::kAvif && t.quality != 0) {
        // 80 of JPEG looks like 60 of AVIF.
        t.quality = static_cast<std::uint8_t>((t.quality * 3 + 3) / 4);
    }
    t.format = format;
    return normalised(t);
}

std::uint8_t quality_of(const Transform& t) {
    if (t.quality != 0) return t.quality;
    return t.format == OutputFormat::kAvif ? 60 : 80;
}

std::string_view content_type_of(OutputFormat format) {
    switch (format) {
        case OutputFormat::kPng:
            return "image/png";
        case OutputFormat::kWebp:
            return "image/webp";
        case OutputFormat::kAvif:
            return "image/avif";
        case OutputFormat::kGif:
            return "image/gif";
        default:
            return "image/jpeg";
    }
}

}  // namespace pixgate
