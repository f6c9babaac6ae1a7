#include "roles/api/api.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/log.h"
#include "roles/api/request_json.h"
#include "roles/status.h"

namespace pixgate::roles {

namespace {

// True for a request from this machine that no proxy passed on and that names this machine: a page
// of another site cannot make a browser here send it (DNS rebinding keeps that site's name in
// Host).
bool is_local(const http::Request& request) {
    for (const char* name : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"}) {
        if (request.fields.has(name)) return false;
    }
    const bool is_peer_local =
        request.peer.starts_with("127.") || request.peer.starts_with("[::1]");
    std::string_view host = request.host;
    if (const auto colon = host.rfind(':'); colon != host.npos && !host.ends_with(']'))
        host = host.substr(0, colon);
    return is_peer_local && (host == "localhost" || host == "127.0.0.1" || host == "[::1]");
}

constexpr std::array<std::string_view, 3> kProbes{"/healthz", "/readyz", "/metrics"};

void set_fallback(http::Router& router) {
    router.set_fallback([](const http::Request& request, unsigned status, std::string allow) {
        Error error{Errc::kNotFound, "", ""};
        if (status == 405) error = {Errc::kInvalidArgument, "This path takes " + allow + ".", ""};
        if (status == 400) error = {Errc::kInvalidArgument, "The path is not well-formed.", ""};
        if (status >= 500) error = {Errc::kInternal, "", ""};
        return problem_response(error, request.id, status);
    });
}

}  // namespace

std::span<const ApiRoute> Api::routes() {
    using A = Access;
    static constexpr std::array<ApiRoute, 16> kRoutes{{
        {"POST", "/v1/uploads", A::kCallers, &Api::create_upload},
        {"GET", "/v1/images", A::kCallers, &Api::list_images},
        {"GET", "/v1/images/{id}", A::kCallers, &Api::get_image},
        {"DELETE", "/v1/images/{id}", A::kCallers, &Api::remove_image},
        {"POST", "/v1/images/{id}/presets", A::kAdmin, &Api::remake_presets},
        {"GET", "/v1/images/{id}/placeholder", A::kCallers, &Api::show_placeholder},
        {"POST", "/v1/images/{id}/links", A::kCallers, &Api::make_links},
        {"GET", "/v1/images/{id}/events", A::kCallers, &Api::image_events},
        {"GET", "/v1/events", A::kCallers, &Api::all_events},
        {"GET", "/v1/dead-letters", A::kAdmin, &Api::list_dead_letters},
        {"POST", "/v1/dead-letters/{id}/redrive", A::kAdmin, &Api::redrive_dead_letter},
        {"DELETE", "/v1/dead-letters/{id}", A::kAdmin, &Api::drop_dead_letter},
        {"GET", "/healthz", A::kEveryone, &Api::health},
        {"GET", "/readyz", A::kEveryone, &Api::ready},
        {"GET", "/metrics", A::kAdminOrLoopback, &Api::metrics},
        {"GET", "/openapi.yaml", A::kEveryone, &Api::openapi},
    }};
    return kRoutes;
}

Api::Api(ApiPorts ports, ApiOptions options)
    : ports_(std::move(ports)),
      options_(std::move(options)),
      limiter_(ports_.clock),
      streams_(options_.max_event_streams, options_.max_event_streams_per_caller),
      refused_(ports_.metrics.counter(
          "pixgate_api_refused_total", "Requests refused for their credential, role or rate"
      )) {}

void Api::register_on(http::Router& router) {
    register_cors(router);
    register_pages(router);
    for (const ApiRoute& route : routes()) add_route(router, route);
    set_fallback(router);
}

void Api::register_probes_on(http::Router& router) {
    for (const ApiRoute& route : routes()) {
        const auto is_same = [&route](std::string_view path) { return path == route.pattern; };
        if (std::ranges::any_of(kProbes, is_same)) add_route(router, route);
    }
    set_fallback(router);
}

void Api::add_route(http::Router& router, const ApiRoute& route) {
    router.add(
        std::string(route.method), std::string(route.pattern),
        [this, &route](http::Request& request) { return answer(route, request); }
    );
}

Task<Result<Caller>> Api::admit(const ApiRoute& route, const http::Request& request) {
    if (route.access == Access::kEveryone) co_return Caller{};
    if (route.access == Access::kAdminOrLoopback && !request.fields.has("Authorization") &&
        is_local(request)) {
        co_return Caller{};
    }
    CO_TRY(Caller caller, co_await ports_.authenticator.authenticate(request));
    if (route.access != Access::kCallers && caller.role != Role::kAdmin) {
        co_return fail(Errc::kPermissionDenied, "This is for admin keys.");
    }
    const Rate rate = caller.acts_for_all() ? options_.server_rate : options_.client_rate;
    if (const auto wait = limiter_.take(caller.id, rate)) {
        co_return fail(
            Errc::kOverloaded,
            "Too many requests. Try again in " + std::to_string(wait->count()) + " s.",
            "rate_limited"
        );
    }
    co_return caller;
}

Task<http::Response> Api::answer(const ApiRoute& route, http::Request& request) {
    auto caller = co_await admit(route, request);
    const bool is_admitted = caller.has_value();
    Result<http::Response> response = fail(Errc::kInternal, "no answer");
    if (is_admitted) {
        ApiCall call{request, *std::move(caller)};
        response = co_await (this->*route.handler)(call);
    } else {
        refused_.add();
        response = std::unexpected(caller.error());
    }
    if (response) co_return *std::move(response);

    const Error& error = response.error();
    const unsigned status = http_status_of(error);
    if (status >= 500 || !is_admitted) {
        const auto level = status >= 500 ? log::Level::kError : log::Level::kInfo;
        log::failure(
            level, "request refused", error, {{"request_id", request.id}, {"route", route.pattern}}
        );
    }
    co_return problem_response(error, request.id);
}

std::string Api::base_url(const http::Request& request) const {
    // Nobody but the one who asks sees the answer, so what he calls us is good enough.
    return options_.public_url.empty() ? "http://" + std::string(request.host)
                                       : options_.public_url;
}

ImageUrls Api::urls(const http::Request& request) const {
    return {ports_.signer, ports_.edge_signer, ports_.issue_upload.policies,
            ports_.clock,  base_url(request),  options_.signed_url_lifetime};
}

Task<Result<Image>> Api::visible_image(ApiCall& call) {
    if (!call.caller.may_read) co_return fail(Errc::kPermissionDenied, "This key may not read.");
    const auto& id = call.request.params["id"];
    if (!is_uuid_v7(id)) co_return fail(Errc::kNotFound, "not an image id");
    CO_TRY(Image image, co_await ports_.catalog.find(ImageId{id}));
    if (!call.caller.may_see(image.owner)) co_return fail(Errc::kNotFound, "another owner's image");
    co_return image;
}

Result<std::optional<std::string>> Api::owner_of_query(const ApiCall& call) {
    auto named = call.request.query_value("owner");
    if (call.caller.acts_for_all()) return named;
    if (named && *named != call.caller.owner) {
        return fail(Errc::kPermissionDenied, "A client sees its own images only.");
    }
    return call.caller.owner;
}

http::Response json_response(unsigned status, std::string json) {
    auto response = http::text_response(status, "application/json", std::move(json));
    response.set("Cache-Control", "no-store");
    return response;
}

Task<Result<std::string>> read_json_body(http::Request& request) {
    const auto type = request.fields.get("Content-Type");
    const auto plain = to_lower(trim(type.substr(0, type.find(';'))));
    if (plain != "application/json") {
        co_return fail(
            Errc::kUnsupportedMedia, "Send the body as application/json.", "Content-Type"
        );
    }
    if (request.content_length.value_or(0) > kMaxJsonBytes) {
        co_return fail(Errc::kTooLarge, "The body may have 65536 bytes.");
    }
    auto body = co_await read_all(*request.body, kMaxJsonBytes);
    if (!body && body.error().code == Errc::kCorrupt) {
        // The request is broken on the wire, not a picture in it.
        co_return fail(Errc::kInvalidArgument, "The body's chunks are broken.");
    }
    co_return body;
}

Result<std::size_t> number_of_query(
    const http::Request& request, std::string_view name, std::size_t fallback, std::size_t max
) {
    const auto text = request.query_value(name);
    if (!text) return fallback;
    std::size_t value = 0;
    const char* end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, value);
    if (text->empty() || error != std::errc{} || rest != end || value < 1 || value > max) {
        return fail(
            Errc::kInvalidArgument, "must be a whole number from 1 to " + std::to_string(max),
            std::string(name)
        );
    }
    return value;
}

}  // namespace pixgate::roles
