#include "roles/edge/edge_routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ids.h"
#include "roles/edge/answer.h"
#include "roles/edge/ask.h"
#include "roles/edge/repeat.h"
#include "roles/placeholder.h"

namespace pixgate::edge {

namespace {

const Policy* policy_of(const Policies& policies, const Image& image) {
    const auto it = policies.find(image.policy);
    return it == policies.end() ? nullptr : &it->second;
}

// Only where the pixels were seen, and so have a colour, does a no mean no.
bool may_hold_alpha(const Image& image) {
    if (image.has_alpha || !image.dominant_colour.empty()) return image.has_alpha;
    return image.content_type == "image/png" || image.content_type == "image/gif";
}

http::Response refuse(
    const http::Request& request, const Ports& ports, const Error& error, const std::string& client
) {
    auto response = answer_refusal(request, error);
    if (error.code != Errc::kOverloaded) return response;
    for (auto& [name, value] : response.fields) {
        if (name == "Retry-After") {
            value = std::to_string(ports.deliver.retry_after(error, client).count());
        }
    }
    return response;
}

http::Response give(
    const http::Request& request,
    const Ports& ports,
    const Ask& ask,
    const FoundImage& found,
    const Delivery& delivery,
    const CacheRule& rule,
    std::uint64_t seen
) {
    auto response = answer_picture(request, delivery, found, ask, rule);
    const bool is_whole = response.status == 200 || response.status == 304;
    // Answers are repeated by the first line of Accept.
    const bool is_open = !rule.is_private && !ask.is_signed && has_prebuilt_head(ask) &&
                         request.fields.count("Accept") <= 1;
    const bool is_fresh = found.stale_for.count() == 0;
    if (!is_whole || !is_open || !is_fresh || request.method != "GET") return response;
    const DeliveredVariant& v = *delivery.variant;
    auto head = response.prebuilt_head ? response.prebuilt_head : prebuilt_head(v, ask, rule);
    allow_repeat(
        response, v, std::move(head), answer_unchanged(v, ask, rule), ports.deliver, seen,
        !ask.vary.empty()
    );
    return response;
}

// CloudFront cannot purge by path what has the id at the end of it, so it is not to keep it long.
CacheRule rule_of(const Ports& ports, bool is_private, bool is_dialect) {
    CacheRule rule{.is_private = is_private, .caching = ports.caching};
    if (!is_dialect || !ports.caching.tag_field.empty()) return rule;
    constexpr std::uint32_t kBriefSeconds = 60;
    rule.is_usual = false;
    rule.caching.max_age_seconds = std::min(ports.caching.max_age_seconds, kBriefSeconds);
    rule.caching.stale_while_revalidate_seconds = 0;
    rule.caching.stale_if_error_seconds = 0;
    return rule;
}

// Whether what was looked up before `seen` is still what the catalog has: a delete while its
// variant was made must not be answered with a picture that caches keep. Moves `seen` on. False:
// there is another version of it.
//   errors  kNotFound; kUnavailable where so much goes that nothing is certain
Task<Result<bool>> is_still(const Image& image, DeliverImage& deliver, std::uint64_t& seen) {
    constexpr int kMaxLooks = 5;
    for (int looks = 0; looks < kMaxLooks; ++looks) {
        const auto now = deliver.forgotten()->load(std::memory_order_acquire);
        if (now == seen) co_return true;
        seen = now;
        CO_TRY(const auto again, co_await deliver.find(image.id));
        if (again.image->state != ImageState::kReady) co_return fail(Errc::kNotFound, "withdrawn");
        if (again.image->etag != image.etag) co_return false;
    }
    co_return fail(Errc::kUnavailable, "images are being dropped");
}

// `dialect` is null for the native form. nullopt: the picture was replaced while it was made.
Task<std::optional<http::Response>> try_to_deliver(
    http::Request& request, const Ports& ports, const Dialect* dialect
) {
    auto seen = ports.deliver.forgotten()->load(std::memory_order_acquire);
    const TimePoint now = ports.clock.now();
    auto ask = dialect == nullptr
                   ? read_ask(request, ports.urls, ports.signer, now)
                   : read_dialect_ask(request, *dialect, ports.urls, ports.signer, now);
    if (!ask) co_return answer_refusal(request, ask.error());
    const Error absent{Errc::kNotFound, "no such picture", {}};
    FoundImage found{ports.deliver.known(ask->id)};
    if (!found.image) {
        auto looked_up = co_await ports.deliver.find(ask->id);
        if (!looked_up) {
            const bool is_absent = looked_up.error().code == Errc::kNotFound;
            co_return answer_refusal(request, is_absent ? absent : looked_up.error());
        }
        found = *std::move(looked_up);
    }
    const Image& image = *found.image;
    const Policy* policy = policy_of(ports.policies, image);
    // A policy that is no longer configured says nothing about who may see: private.
    const bool is_private = policy == nullptr || policy->visibility == Visibility::kPrivate;
    if (is_private && !ask->opens_private) co_return answer_refusal(request, absent);
    if (image.state != ImageState::kReady) {
        const auto pending = policy == nullptr ? WhilePending::kAbsent : policy->pending;
        if (is_final(image.state) || pending == WhilePending::kAbsent)
            co_return answer_refusal(request, absent);
        co_return answer_pending(*ask, pending);
    }
    settle_format(*ask, ports.urls, request.fields, may_hold_alpha(image));
    const CacheRule rule = rule_of(ports, is_private, dialect != nullptr);
    std::string client;
    Result<Delivery> delivery = Delivery{ports.deliver.cached(image, ask->transform)};
    if (!delivery->variant) {
        client = ports.clients.of(request);
        delivery = co_await ports.deliver.variant(found.image, ask->transform, client);
    }
    Result<bool> same = true;
    if (ports.deliver.forgotten()->load(std::memory_order_acquire) != seen)
        same = co_await is_still(image, ports.deliver, seen);
    if (same && !*same) co_return std::nullopt;
    if (same && delivery) co_return give(request, ports, *ask, found, *delivery, rule, seen);
    const Error& error = same ? delivery.error() : same.error();
    co_return refuse(request, ports, error.code == Errc::kNotFound ? absent : error, client);
}

Task<http::Response> deliver(http::Request& request, const Ports& ports, const Dialect* dialect) {
    for (int tries = 0; tries < 2; ++tries) {
        if (auto answer = co_await try_to_deliver(request, ports, dialect))
            co_return *std::move(answer);
    }
    co_return answer_refusal(request, Error{Errc::kUnavailable, "the picture is replaced", {}});
}

// Seen by whoever may see the picture.
Task<http::Response> show_placeholder(http::Request& request, const Ports& ports) {
    const Error absent{Errc::kNotFound, "no such picture", {}};
    const auto is_signed = ports.signer.verify(request.path, request.query, ports.clock.now());
    if (!is_signed) co_return answer_refusal(request, is_signed.error());
    const ImageId id{request.params.at("image_id")};
    if (!is_uuid_v7(id.value)) co_return answer_refusal(request, absent);
    const auto seen = ports.deliver.forgotten()->load(std::memory_order_acquire);
    auto found = co_await ports.deliver.find(id);
    // Deleted while it was looked up: caches would keep the answer.
    if (found && ports.deliver.forgotten()->load(std::memory_order_acquire) != seen)
        found = co_await ports.deliver.find(id);
    if (!found) {
        const bool is_absent = found.error().code == Errc::kNotFound;
        co_return answer_refusal(request, is_absent ? absent : found.error());
    }
    const Policy* policy = policy_of(ports.policies, *found->image);
    const bool is_private = policy == nullptr || policy->visibility == Visibility::kPrivate;
    const bool may_see = !is_private || *is_signed != SignedFor::kNothing;
    if (found->image->state != ImageState::kReady || !may_see)
        co_return answer_refusal(request, absent);
    auto response = placeholder_response(
        request, *found->image,
        is_private ? std::string("private, max-age=300")
                   : fmt::format("public, max-age={}", ports.caching.max_age_seconds)
    );
    if (!ports.caching.tag_field.empty() && response.status < 400)
        response.set(ports.caching.tag_field, id.value);
    co_return response;
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
