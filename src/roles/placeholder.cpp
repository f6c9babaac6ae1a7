#include "roles/placeholder.h"

#include "base/encoding.h"
#include "base/json_writer.h"
#include "core/thumbhash.h"
#include "core/tiny_png.h"
#include "http/conditional.h"
#include "roles/status.h"

namespace pixgate {

namespace {

constexpr std::string_view kPictureOnly = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

std::string png_of(const Image& image) {
    const auto bytes = base64_decode(image.thumbhash);
    if (!bytes) return {};
    const auto picture = decode_thumbhash(as_text(*bytes), image.width_px, image.height_px);
    return picture ? write_png(*picture) : std::string();
}

std::string data_url(std::string_view png) {
    return "data:image/png;base64," + base64_encode(as_bytes(png));
}

std::string json_of(const Image& image, std::string_view png) {
    JsonWriter json;
    json.begin_object().member("image_id", image.id.value).member("data_url", data_url(png));
    json.member("thumbhash", image.thumbhash).member("blurhash", image.blurhash);
    json.member("dominant_colour", image.dominant_colour);
    json.member("width_px", image.width_px).member("height_px", image.height_px);
    return json.end_object().take();
}

enum class Form { kJson, kText, kPng };

Form form_for(std::string_view accept) {
    if (accept.find("application/json") != accept.npos) return Form::kJson;
    if (accept.find("image/") != accept.npos) return Form::kPng;
    return accept.find("text/plain") != accept.npos ? Form::kText : Form::kJson;
}

}  // namespace

std::string placeholder_data_url(const Image& image) {
    const auto png = png_of(image);
    return png.empty() ? png : data_url(png);
}

http::Response placeholder_response(
    const http::Request& request, const Image& image, std::string cache_control
) {
    const auto png = png_of(image);
    if (png.empty()) {
        const Error none{Errc::kNotFound, "this picture has no placeholder", "no_placeholder"};
        auto response = problem_response(none, request.id);
        response.set("Access-Control-Allow-Origin", "*");
        return response;
    }
    const Form form = form_for(request.fields.get("Accept"));
    const std::string tag =
        "\"p-" + image.etag + "-" + std::to_string(static_cast<int>(form)) + "\"";
    const auto asked = http::evaluate(request.fields, request.method, true, tag, std::nullopt);
    http::Response response(asked == http::Precondition::kNotModified ? 304 : 200);
    response.set("ETag", tag);
    response.set("Cache-Control", std::move(cache_control));
    response.set("Vary", "Accept");
    response.set("Access-Control-Allow-Origin", "*");
    if (response.status == 304) return response;
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Cross-Origin-Resource-Policy", "cross-origin");
    response.set("Content-Security-Policy", std::string(kPictureOnly));
    switch (form) {
        case Form::kJson:
            response.set("Content-Type", "application/json");
            response.body = json_of(image, png);
            break;
        case Form::kText:
            response.set("Content-Type", "text/plain; charset=utf-8");
            response.body = data_url(png);
            break;
        case Form::kPng:
            response.set("Content-Type", "image/png");
            response.body = png;
            break;
    }
    return response;
}

}  // namespace pixgate
