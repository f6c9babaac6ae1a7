#include "roles/api/image_json.h"

namespace pixgate::roles {

namespace {

void text_or_null(JsonWriter& json, std::string_view name, const std::string& text) {
    json.key(name);
    if (text.empty()) {
        json.null();
    } else {
        json.value(text);
    }
}

template <class I>
void number_or_null(JsonWriter& json, std::string_view name, I number) {
    json.key(name);
    if (number == 0) {
        json.null();
    } else {
        json.value(number);
    }
}

// Null where the image is not ready: nothing unchecked is handed out.
void write_url(
    JsonWriter& json,
    const Image& image,
    const ImageUrls& urls,
    const std::string& bucket,
    const std::string& key
) {
    std::string url;
    if (image.state == ImageState::kReady) {
        if (auto request = urls.signer.sign_get(bucket, key, urls.lifetime))
            url = std::move(request->url);
    }
    text_or_null(json, "url", url);
}

// Of the edge, which picks the format by Accept. Empty where the image is not ready.
std::string preset_url(const Image& image, const std::string& preset, const ImageUrls& urls) {
    if (image.state != ImageState::kReady) return {};
    const std::string path = "/i/" + image.id.value + "/" + preset;
    const auto policy = urls.policies.find(image.policy);
    const bool is_public =
        policy != urls.policies.end() && policy->second.visibility == Visibility::kPublic;
    if (is_public) return urls.edge_base + path;
    return urls.edge_base + urls.edge_signer.sign(path, urls.clock.now() + urls.lifetime);
}

void write_placeholder(JsonWriter& json, const Image& image) {
    json.key("placeholder");
    const bool is_shown = image.state == ImageState::kReady && !image.thumbhash.empty();
    if (!is_shown) {
        json.null();
        return;
    }
    json.begin_object();
    text_or_null(json, "thumbhash", image.thumbhash);
    text_or_null(json, "blurhash", image.blurhash);
    text_or_null(json, "dominant_colour", image.dominant_colour);
    json.end_object();
}

void write_original(JsonWriter& json, const Image& image, const ImageUrls& urls) {
    const bool is_stored = image.size_bytes != 0;
    json.begin_object();
    write_url(json, image, urls, image.bucket, image.key);
    text_or_null(json, "content_type", is_stored ? image.content_type : image.declared_type);
    number_or_null(json, "size_bytes", is_stored ? image.size_bytes : image.declared_bytes);
    text_or_null(json, "sha256", image.sha256);
    number_or_null(json, "width_px", image.width_px);
    number_or_null(json, "height_px", image.height_px);
    json.end_object();
}

void write_variant(
    JsonWriter& json, const Image& image, const Variant& variant, const ImageUrls& urls
) {
    json.begin_object().member("kind", name_of(variant.kind)).member("name", variant.name);
    if (variant.kind == VariantKind::kPreset) {
        text_or_null(json, "url", preset_url(image, variant.name, urls));
    } else {
        write_url(json, image, urls, variant.bucket, variant.key);
    }
    number_or_null(json, "width_px", variant.width_px);
    number_or_null(json, "height_px", variant.height_px);
    text_or_null(json, "content_type", variant.content_type);
    number_or_null(json, "size_bytes", variant.size_bytes);
    json.end_object();
}

void write_request(JsonWriter& json, const PresignedRequest& request) {
    json.member("method", request.method).member("url", request.url).key("headers").begin_object();
    for (const auto& [name, value] : request.headers) json.member(name, value);
    json.end_object();
}

}  // namespace

void write_image(JsonWriter& json, const Image& image, const ImageUrls& urls) {
    json.begin_object().member("image_id", image.id.value).member("state", name_of(image.state));
    text_or_null(json, "reason", image.reason);
    json.member("owner", image.owner).member("filename", image.filename).key("original");
    write_original(json, image, urls);
    json.key("variants").begin_array();
    for (const auto& variant : image.variants) {
        if (variant.kind != VariantKind::kRendition) write_variant(json, image, variant, urls);
    }
    json.end_array();
    write_placeholder(json, image);
    json.key("history").begin_array();
    for (const auto& entry : image.history) {
        json.begin_object()
            .member("state", name_of(entry.state))
            .member("at", format_rfc3339(entry.at));
        text_or_null(json, "reason", entry.reason);
        json.end_object();
    }
    json.end_array().key("metadata").begin_object();
    for (const auto& [key, value] : image.metadata) json.member(key, value);
    json.end_object().member("created_at", format_rfc3339(image.created_at));
    text_or_null(
        json, "ready_at", image.ready_at ? format_rfc3339(*image.ready_at) : std::string()
    );
    json.end_object();
}

std::string image_json(const Image& image, const ImageUrls& urls) {
    JsonWriter json;
    write_image(json, image, urls);
    return json.take();
}

std::string remade_json(const ImageId& id, const RemakePresets::Report& report) {
    JsonWriter json;
    json.begin_object().member("image_id", id.value).key("missing").begin_array();
    for (const auto& name : report.missing) json.value(name);
    json.end_array().key("made").begin_array();
    for (const auto& variant : report.made) {
        json.begin_object().member("kind", name_of(variant.kind)).member("name", variant.name);
        json.member("content_type", variant.content_type).member("width_px", variant.width_px);
        json.member("height_px", variant.height_px).member("size_bytes", variant.size_bytes);
        json.end_object();
    }
    return json.end_array().end_object().take();
}

std::string permission_json(const UploadPermission& permission) {
    JsonWriter json;
    json.begin_object().member("image_id", permission.image_id.value);
    json.member("expires_at", format_rfc3339(permission.expires_at)).key("original").begin_object();
    write_request(json, permission.original);
    json.end_object().key("thumbnails").begin_array();
    for (const auto& [name, request] : permission.thumbnails) {
        json.begin_object().member("name", name);
        write_request(json, request);
        json.end_object();
    }
    json.end_array().end_object();
    return json.take();
}

void write_dead_letter(JsonWriter& json, const DeadLetter& letter) {
    json.begin_object().member("id", letter.id);
    json.member("source", letter.source == DeadLetterSource::kEvent ? "event" : "message");
    json.member("reason", letter.reason).member("last_error", letter.last_error);
    json.member("attempts", letter.attempts).member("first_at", format_rfc3339(letter.first_at));
    json.member("died_at", format_rfc3339(letter.died_at)).member("body", letter.body).end_object();
}

}  // namespace pixgate::roles
