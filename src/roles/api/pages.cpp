// What is served without the flow: health, metrics, the API's description, the page and the SDK;
// and the headers that browsers need with all of it.
#include <algorithm>

#include "http/conditional.h"
#include "roles/api/api.h"
#include "roles/api/web_assets.h"
#include "roles/edge/ask.h"

namespace pixgate::roles {

namespace {

// The edge and other roles on this listener answer for themselves.
bool is_ours(std::string_view path) {
    return !path.starts_with("/i/") &&
           std::ranges::none_of(edge::dialect_table(), [path](const edge::Dialect& dialect) {
               return path.starts_with(dialect.prefix) &&
                      path.substr(dialect.prefix.size()).starts_with('/');
           });
}
bool is_api(std::string_view path) {
    return path.starts_with("/v1/");
}

// A policy of its own for the page: it loads nothing from elsewhere, and talks to itself and to the
// store.
std::string page_policy(const std::string& store_url) {
    return "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; "
           "img-src 'self' blob: data: " +
           store_url + "; connect-src 'self' " + store_url +
           "; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

http::Response asset_response(
    const WebAsset& asset, const http::Request& request, const std::string& policy
) {
    const bool is_same =
        http::evaluate(request.fields, request.method, true, asset.etag, std::nullopt) ==
        http::Precondition::kNotModified;
    http::Response response(is_same ? 304 : 200);
    response.set("Content-Type", std::string(asset.content_type));
    response.set("ETag", std::string(asset.etag));
    response.set("Cache-Control", "no-cache");
    response.set("Content-Security-Policy", policy);
    response.set("Referrer-Policy", "no-referrer");
    response.set("X-Frame-Options", "DENY");
    if (asset.path.starts_with("/sdk/")) {
        // Other sites import the SDK from here.
        response.set("Access-Control-Allow-Origin", "*");
        response.set("Cross-Origin-Resource-Policy", "cross-origin");
    } else {
        response.set("Cross-Origin-Opener-Policy", "same-origin");
        response.set("Cross-Origin-Resource-Policy", "same-origin");
    }
    if (!is_same) response.body = std::string(asset.content);
    return response;
}

}  // namespace

Task<Result<http::Response>> Api::health(ApiCall&) {
    co_return json_response(200, R"({"status":"ok"})");
}

Task<Result<http::Response>> Api::ready(ApiCall&) {
    if (ports_.is_ready) CO_CHECK(co_await ports_.is_ready());
    co_return json_response(
        200, options_.is_sandbox_tight ? R"({"status":"ready"})"
                                       : R"({"status":"ready","sandbox":"not_tight"})"
    );
}

Task<Result<http::Response>> Api::metrics(ApiCall&) {
    auto response = http::text_response(
        200, "text/plain; version=0.0.4; charset=utf-8", ports_.metrics.expose()
    );
    response.set("Cache-Control", "no-store");
    co_return response;
}

Task<Result<http::Response>> Api::openapi(ApiCall&) {
    auto response = http::text_response(200, "application/yaml", std::string(openapi_yaml()));
    response.set("Cache-Control", "no-cache");
    response.set("Access-Control-Allow-Origin", "*");
    co_return response;
}

void Api::register_pages(http::Router& router) {
    const std::string policy = page_policy(options_.store_url);
    for (const WebAsset& asset : web_assets()) {
        router.add(
            "GET", std::string(asset.path),
            [&asset, policy](http::Request& request) -> Task<http::Response> {
                co_return asset_response(asset, request, policy);
            }
        );
    }
}

void Api::register_cors(http::Router& router) {
    // Exactly the origins of the list; no credentials, as keys travel in Authorization and never in
    // cookies.
    const auto allowed = [this](const http::Request& request) -> std::string {
        const auto origin = request.fields.get("Origin");
        if (origin.empty() || origin == "null") return {};
        for (const auto& known : options_.cors_allowed_origins) {
            if (known == "*") return "*";
            if (known == origin) return known;
        }
        return {};
    };
    router.add_filter([allowed](http::Request& request) -> std::optional<http::Response> {
        const bool is_preflight = request.method == "OPTIONS" && is_api(request.path) &&
                                  request.fields.has("Access-Control-Request-Method");
        if (!is_preflight) return std::nullopt;
        http::Response response(204);
        if (!allowed(request).empty()) {
            response.set("Access-Control-Allow-Methods", "GET, POST, DELETE");
            response.set(
                "Access-Control-Allow-Headers",
                "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
            );
            response.set("Access-Control-Max-Age", "600");
        }
        return response;
    });
    router.add_finisher([allowed](const http::Request& request, http::Response& response) {
        if (!is_ours(request.path)) return;
        response.set("X-Content-Type-Options", "nosniff");
        response.set("X-Request-Id", request.id);
        if (!is_api(request.path)) return;
        response.set("Vary", "Origin");
        if (const auto origin = allowed(request); !origin.empty()) {
            response.set("Access-Control-Allow-Origin", origin);
            response.set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id");
        }
    });
}

}  // namespace pixgate::roles
