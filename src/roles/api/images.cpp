// /v1/images: one, many, gone, and signed links to its sizes.
#include "core/transform.h"
#include "roles/api/api.h"
#include "roles/api/request_json.h"
#include "roles/placeholder.h"

namespace pixgate::roles {

namespace {

constexpr std::size_t kMaxPage = 200;
constexpr std::size_t kMaxCursorBytes = 200;

Result<Transform> transform_of(const std::string& text) {
    if (const auto preset = find_preset(text)) return *preset;
    auto parsed = parse_transform(text);
    if (!parsed) parsed.error().reason = "transforms";
    return parsed;
}

}  // namespace

Task<Result<http::Response>> Api::get_image(ApiCall& call) {
    CO_TRY(const Image image, co_await visible_image(call));
    co_return json_response(200, image_json(image, urls(call.request)));
}

Task<Result<http::Response>> Api::list_images(ApiCall& call) {
    if (!call.caller.may_read) co_return fail(Errc::kPermissionDenied, "This key may not read.");
    ImageQuery query;
    CO_TRY(query.owner, owner_of_query(call));
    CO_TRY(query.limit, number_of_query(call.request, "limit", 50, kMaxPage));
    query.cursor = call.request.query_value("cursor").value_or("");
    if (query.cursor.size() > kMaxCursorBytes) {
        co_return fail(Errc::kInvalidArgument, "not a cursor of this server", "cursor");
    }
    if (const auto state = call.request.query_value("state")) {
        query.state = parse_image_state(*state);
        if (!query.state) co_return fail(Errc::kInvalidArgument, "not a state of images", "state");
    }
    CO_TRY(const ImagePage page, co_await ports_.catalog.list(std::move(query)));
    JsonWriter json;
    json.begin_object().key("images").begin_array();
    const ImageUrls urls_here = urls(call.request);
    for (const auto& image : page.images) write_image(json, image, urls_here);
    json.end_array().key("next_cursor");
    page.next_cursor.empty() ? json.null() : json.value(page.next_cursor);
    json.end_object();
    co_return json_response(200, json.take());
}

Task<Result<http::Response>> Api::remove_image(ApiCall& call) {
    const auto& id = call.request.params["id"];
    if (!call.caller.may_delete)
        co_return fail(Errc::kPermissionDenied, "This key may not delete.");
    if (!is_uuid_v7(id)) co_return fail(Errc::kNotFound, "not an image id");
    CO_CHECK(co_await ports_.delete_image.run(call.caller, ImageId{id}));
    http::Response response(204);
    response.set("Cache-Control", "no-store");
    co_return response;
}

Task<Result<http::Response>> Api::show_placeholder(ApiCall& call) {
    CO_TRY(const Image image, co_await visible_image(call));
    const bool is_ready = image.state == ImageState::kReady;
    if (!is_ready) co_return fail(Errc::kNotFound, "the image is not ready", "no_placeholder");
    co_return placeholder_response(call.request, image, "private, max-age=300");
}

Task<Result<http::Response>> Api::make_links(ApiCall& call) {
    CO_TRY(const Image image, co_await visible_image(call));
    CO_TRY(const std::string body, co_await read_json_body(call.request));
    CO_TRY(const auto transforms, parse_link_request(body));
    const TimePoint expires = ports_.clock.now() + options_.signed_url_lifetime;
    const std::string base = base_url(call.request);
    JsonWriter json;
    json.begin_object().member("expires_at", format_rfc3339(expires)).key("links").begin_array();
    for (const auto& text : transforms) {
        CO_TRY(const Transform transform, transform_of(text));
        // A client could else make the edge compute any number of sizes.
        const bool is_allowed = is_listed(transform) || find_preset(text) ||
                                (call.caller.acts_for_all() && options_.arbitrary_sizes);
        if (!is_allowed)
            co_return fail(Errc::kPermissionDenied, "This key may sign listed sizes only.");
        const std::string path =
            ports_.edge_signer.sign("/i/" + image.id.value + "/" + text, expires);
        json.begin_object().member("transform", text).member("url", base + path).end_object();
    }
    json.end_array().end_object();
    co_return json_response(200, json.take());
}

}  // namespace pixgate::roles
