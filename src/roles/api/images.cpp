// /v1/images: one, many, gone, and signed links to its sizes.
#include "core/openness.h"
#include "roles/api/api.h"
#include "roles/api/request_json.h"
#include "roles/placeholder.h"

namespace pixgate::roles {

namespace {

constexpr std::size_t kMaxPage = 200;
constexpr std::size_t kMaxCursorBytes = 200;

Result<Transform> transform_of(const std::string& text, const Presets& presets) {
    if (const auto preset = presets.find(text)) return *preset;
    auto parsed = parse_transform(text);
    if (!parsed) parsed.error().reason = "transforms";
    return parsed;
}

// A client could else make the edge compute any number of sizes: he signs what is free, unless he
// was given more.
Result<void> may_sign(const Transform& transform, const Caller& caller, const ApiOptions& options) {
    const auto by = caller.signs_all() ? SignedFor::kUrl : SignedFor::kNothing;
    Openness openness = options.openness;
    openness.snap_widths = false;  // what is signed is what is served
    CHECK_OK(opened(transform, by, options.presets, openness));
    return {};
}

Result<void> may_sign_family(const LinkRequest& asked, const Caller& caller, const EdgeSigner& s) {
    if (asked.family == SignedFor::kImage && !caller.signs_all())
        return fail(Errc::kPermissionDenied, "This key may sign the family of listed sizes only.");
    if (asked.never_expires && !(caller.acts_for_all() && s.rules().may_be_endless))
        return fail(Errc::kPermissionDenied, "Signatures without an end are not made here.");
    return {};
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

Task<Result<http::Response>> Api::remake_presets(ApiCall& call) {
    const ImageId id{call.request.params["id"]};
    if (!is_uuid_v7(id.value)) co_return fail(Errc::kNotFound, "not an image id");
    CO_TRY(const std::string body, co_await read_json_body(call.request));
    CO_TRY(auto request, parse_remake_request(body));
    if (ports_.remake_presets == nullptr) {
        co_return fail(Errc::kUnavailable, "this process makes no presets");
    }
    CO_TRY(const auto report, co_await ports_.remake_presets->run(id, std::move(request)));
    co_return json_response(200, remade_json(id, report));
}

Task<Result<http::Response>> Api::make_links(ApiCall& call) {
    CO_TRY(const Image image, co_await visible_image(call));
    CO_TRY(const std::string body, co_await read_json_body(call.request));
    CO_TRY(const LinkRequest asked, parse_link_request(body));
    const EdgeSigner& signer = ports_.edge_signer;
    CO_CHECK(may_sign_family(asked, call.caller, signer));
    const TimePoint expires = signer.rounded(ports_.clock.now() + options_.signed_url_lifetime);
    const auto end = asked.never_expires ? std::nullopt : EdgeSigner::Expiry(expires);
    // Nobody but the one who asks sees this answer, so what he calls us is good enough.
    const std::string base = options_.public_url.empty()
                                 ? "http://" + std::string(call.request.host)
                                 : options_.public_url;
    const std::string folder = "/i/" + image.id.value + "/";
    JsonWriter json;
    json.begin_object().key("expires_at");
    end ? json.value(format_rfc3339(*end)) : json.null();
    json.key("links").begin_array();
    for (const auto& text : asked.transforms) {
        CO_TRY(const Transform transform, transform_of(text, options_.presets));
        CO_CHECK(may_sign(transform, call.caller, options_));
        json.begin_object().member("transform", text);
        json.member("url", base + signer.sign(folder + text, end)).end_object();
    }
    json.end_array();
    if (asked.family != SignedFor::kNothing) {
        const auto query = signer.sign_family(image.id.value, asked.family, end);
        const bool is_all = asked.family == SignedFor::kImage;
        json.key("family").begin_object().member("scope", is_all ? "image" : "listed");
        json.member("url_template", base + folder + "{transform}?" + query).end_object();
    }
    json.end_object();
    co_return json_response(200, json.take());
}

}  // namespace pixgate::roles
