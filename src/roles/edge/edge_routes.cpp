#include "roles/edge/edge_routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ids.h"
#include "http/conditional.h"
#include "roles/edge/ask.h"
#include "roles/edge/repeat.h"
#include "roles/placeholder.h"
#include "roles/status.h"

namespace pixgate::edge {

namespace {

constexpr std::string_view kPictureOnly = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

struct CacheRule {
    bool is_private = true;
    std::uint32_t max_age_seconds = 0;
};

// A refusal is kept by no cache (problem_response says so): the picture may be ready a moment
// later.
http::Response refuse(const http::Request& request, const Error& error) {
    auto response = problem_response(error, request.id);
    response.set("Access-Control-Allow-Origin", "*");
    return response;
}

bool may_hold_alpha(const Image& image) {
    return image.content_type == "image/png" || image.content_type == "image/gif";
}

const Policy* policy_of(const Policies& policies, const Image& image) {
    const auto it = policies.find(image.policy);
    return it == policies.end() ? nullptr : &it->second;
}

void set_common(http::Response& r, const DeliveredVariant& v, const Ask& ask, CacheRule rule) {
    r.set("ETag", v.etag);
    r.set(
        "Cache-Control",
        rule.is_private
            ? std::string("private, max-age=300")
            : fmt::format("public, max-age={}, stale-while-revalidate=86400", rule.max_age_seconds)
    );
    if (!ask.vary.empty()) r.set("Vary", ask.vary);
    if (r.status == 304) return;
    r.set("Content-Type", v.content_type);
    r.set("Accept-Ranges", "bytes");
    r.set("X-Content-Type-Options", "nosniff");
    r.set("Content-Security-Policy", std::string(kPictureOnly));
    r.set("Cross-Origin-Resource-Policy", "cross-origin");
    r.set("Access-Control-Allow-Origin", "*");
    r.set("Timing-Allow-Origin", "*");
    if (rule.is_private) r.set("Referrer-Policy", "no-referrer");
}

bool has_prebuilt_head(const Ask& ask) {
    return ask.vary.empty() || ask.vary == "Accept";
}

http::Response answer(
    const http::Request& request, const DeliveredVariant& v, const Ask& ask, CacheRule rule
) {
    switch (http::evaluate(request.fields, request.method, true, v.etag, std::nullopt)) {
        case http::Precondition::kNotModified: {
            http::Response r(304);
            set_common(r, v, ask, rule);
            return r;
        }
        case http::Precondition::kFailed:
            return refuse(request, Error{Errc::kFailedPrecondition, "precondition", {}});
        case http::Precondition::kProceed:
            break;
    }
    const auto size = v.body->size();
    const auto range = http::resolve_range(request.fields, size, v.etag, std::nullopt);
    if (request.method == "GET" && range.kind == http::RangeKind::kUnsatisfiable) {
        http::Response r(416);
        r.set("Content-Range", fmt::format("bytes */{}", size));
        r.set("Cache-Control", "no-store");
        return r;
    }
    if (request.method == "GET" && range.kind == http::RangeKind::kPart) {
        http::Response r(206);
        set_common(r, v, ask, rule);
        r.set("Content-Range", http::content_range(range.range, size));
        r.body = v.body->substr(range.range.offset, range.range.length);
        return r;
    }
    http::Response r(200);
    if (rule.is_private || !has_prebuilt_head(ask)) {
        set_common(r, v, ask, rule);
    } else {
        r.prebuilt_head = ask.vary.empty() ? v.head : v.head_by_accept;
    }
    r.body = v.body;
    return r;
}

void offer_repeat(
    http::Response& response,
    const DeliveredVariant& v,
    const Ask& ask,
    const Ports& ports,
    std::uint64_t seen
) {
    http::Response unchanged(304);
    set_common(unchanged, v, ask, CacheRule{false, ports.max_age_seconds});
    const bool by_accept = !ask.vary.empty();
    allow_repeat(
        response, v, by_accept ? v.head_by_accept : v.head, unchanged, ports.deliver, seen,
        by_accept
    );
}

// `dialect` is null for the native form.
Task<http::Response> deliver(http::Request& request, const Ports& ports, const Dialect* dialect) {
    const auto seen = ports.deliver.forgotten()->load(std::memory_order_acquire);
    const TimePoint now = ports.clock.now();
    auto ask = dialect == nullptr
                   ? read_ask(request, ports.urls, ports.signer, now)
                   : read_dialect_ask(request, *dialect, ports.urls, ports.signer, now);
    if (!ask) co_return refuse(request, ask.error());
    const Error absent{Errc::kNotFound, "no such picture", {}};
    const auto image = co_await ports.deliver.find(ask->id);
    if (!image)
        co_return refuse(request, image.error().code == Errc::kNotFound ? absent : image.error());
    const Policy* policy = policy_of(ports.policies, **image);
    // A policy that is no longer configured says nothing about who may see: private.
    const bool is_private = policy == nullptr || policy->visibility == Visibility::kPrivate;
    if (is_private && !ask->is_signed) co_return refuse(request, absent);
    settle_format(*ask, ports.urls, request.fields.get("accept"), may_hold_alpha(**image));
    auto variant = co_await ports.deliver.variant(*image, ask->transform);
    if (!variant)
        co_return refuse(
            request, variant.error().code == Errc::kNotFound ? absent : variant.error()
        );
    auto response = answer(request, **variant, *ask, {is_private, ports.max_age_seconds});
    const bool is_whole = response.status == 200 || response.status == 304;
    const bool is_open = !is_private && !ask->is_signed && has_prebuilt_head(*ask);
    if (is_whole && is_open && request.method == "GET")
        offer_repeat(response, **variant, *ask, ports, seen);
    co_return response;
}

// Seen by whoever may see the picture.
Task<http::Response> show_placeholder(http::Request& request, const Ports& ports) {
    const Error absent{Errc::kNotFound, "no such picture", {}};
    const auto is_signed = ports.signer.verify(request.path, request.query, ports.clock.now());
    if (!is_signed) co_return refuse(request, is_signed.error());
    const ImageId id{request.params.at("image_id")};
    if (!is_uuid_v7(id.value)) co_return refuse(request, absent);
    const auto image = co_await ports.deliver.find(id);
    if (!image)
        co_return refuse(request, image.error().code == Errc::kNotFound ? absent : image.error());
    const Policy* policy = policy_of(ports.policies, **image);
    const bool is_private = policy == nullptr || policy->visibility == Visibility::kPrivate;
    if (is_private && *is_signed == SignedFor::kNothing) co_return refuse(request, absent);
    co_return placeholder_response(
        request, **image,
        is_private ? std::string("private, max-age=300")
                   : fmt::format("public, max-age={}", ports.max_age_seconds)
    );
}

}  // namespace

void add_routes(http::Router& router, Ports ports) {
    router.add(
        "GET", "/i/{image_id}/placeholder",
        [ports](http::Request& request) -> Task<http::Response> {
            return show_placeholder(request, ports);
        }
    );
    router.add(
        "GET", "/i/{image_id}/{options}",
        [ports](http::Request& request) -> Task<http::Response> {
            return deliver(request, ports, nullptr);
        }
    );
    for (const Dialect& dialect : dialect_table()) {
        if (std::ranges::find(ports.urls.dialects, dialect.name) == ports.urls.dialects.end())
            continue;
        router.add(
            "GET", std::string(dialect.prefix) + "/{rest...}",
            [ports, &dialect](http::Request& request) -> Task<http::Response> {
                return deliver(request, ports, &dialect);
            }
        );
    }
}

}  // namespace pixgate::edge
