#include "aws/presign.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pixgate::aws {

// What the two kinds of request differ in. Headers: "name:value\n" in order of name, host among
// them.
struct Presigner::Draft {
    std::string_view method;
    std::string_view bucket;
    std::string_view key;
    std::string_view signed_headers;          // "content-length;content-type;host"
    std::string_view signed_headers_encoded;  // the same with %3B
    std::string_view headers_before_host;
    std::string_view headers_after_host;
    std::chrono::seconds lifetime;
};

namespace {

std::string_view host_of(std::string_view endpoint) {
    const auto scheme = endpoint.find("://");
    return scheme == std::string_view::npos ? endpoint : endpoint.substr(scheme + 3);
}

}  // namespace

Presigner::Presigner(PresignConfig config, const Clock& clock)
    : config_(std::move(config)),
      host_(host_of(config_.endpoint)),
      encoded_key_id_(percent_encode(config_.access_key_id, false)),
      clock_(clock) {}

PresignedRequest Presigner::put(const PresignPut& request) const {
    std::string before;
    before.reserve(64 + request.content_type.size());
    fmt::format_to(
        std::back_inserter(before), "content-length:{}\ncontent-type:{}\n", request.size_bytes,
        request.content_type
    );
    std::string after;
    after.reserve(96);
    after = "if-none-match:*\n";
    const bool has_checksum = !request.checksum_sha256.empty();
    if (has_checksum) {
        fmt::format_to(
            std::back_inserter(after), "x-amz-checksum-sha256:{}\n", request.checksum_sha256
        );
    }
    Draft draft{
        "PUT",
        request.bucket,
        request.key,
        "content-length;content-type;host;if-none-match",
        "content-length%3Bcontent-type%3Bhost%3Bif-none-match",
        before,
        after,
        request.lifetime
    };
    if (has_checksum) {
        draft.signed_headers =
            "content-length;content-type;host;if-none-match;x-amz-checksum-sha256";
        draft.signed_headers_encoded =
            "content-length%3Bcontent-type%3Bhost%3Bif-none-match%3Bx-amz-checksum-sha256";
    }
    auto out = sign(draft);
    out.headers.reserve(has_checksum ? 3 : 2);
    out.headers.emplace_back("content-type", request.content_type);
    out.headers.emplace_back("if-none-match", "*");
    if (has_checksum) out.headers.emplace_back("x-amz-checksum-sha256", request.checksum_sha256);
    return out;
}

PresignedRequest Presigner::get(
    std::string_view bucket, std::string_view key, std::chrono::seconds lifetime
) const {
    return sign({"GET", bucket, key, "host", "host", {}, {}, lifetime});
}

PresignedRequest Presigner::sign(const Draft& draft) const {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
    const auto lifetime = std::clamp(
        draft.lifetime, std::chrono::seconds(1),
        std::chrono::duration_cast<std::chrono::seconds>(kMaxPresignLifetime)
    );
    const auto amz_date = format_iso_basic(now);
    const auto date = std::string_view(amz_date).substr(0, 8);
    const auto encoded_key = percent_encode(draft.key, true);

    // In one string: the URL up to its query, then the query in canonical order.
    std::string url;
    url.reserve(
        config_.endpoint.size() + draft.bucket.size() + encoded_key.size() +
        draft.signed_headers_encoded.size() + config_.session_token.size() * 2 + 420
    );
    const auto scheme_size = config_.endpoint.size() - host_.size();
    url.append(config_.endpoint, 0, scheme_size);
    if (!config_.path_style) fmt::format_to(std::back_inserter(url), "{}.", draft.bucket);
    url += host_;
    const auto path_at = url.size();
    if (config_.path_style) fmt::format_to(std::back_inserter(url), "/{}", draft.bucket);
    fmt::format_to(std::back_inserter(url), "/{}", encoded_key);
    const auto path_end = url.size();
    fmt::format_to(
        std::back_inserter(url),
        "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}%2F{}%2F{}%2Fs3%2Faws4_request"
        "&X-Amz-Date={}&X-Amz-Expires={}",
        encoded_key_id_, date, config_.region, amz_date, lifetime.count()
    );
    if (!config_.session_token.empty()) {
        url += "&X-Amz-Security-Token=";
        url += percent_encode(config_.session_token, false);
    }
    url += "&X-Amz-SignedHeaders=";
    url += draft.signed_headers_encoded;

    const std::string_view text = url;
    // The largest piece of a presign and of much the same size each time: kept per thread.
    static thread_local std::string canonical;
    canonical.clear();
    canonical.reserve(
        text.size() - path_at + draft.headers_before_host.size() + draft.headers_after_host.size() +
        host_.size() + draft.bucket.size() + draft.signed_headers.size() + 64
    );
    fmt::format_to(
        std::back_inserter(canonical), "{}\n{}\n{}\n{}host:{}\n{}\n{}\n{}", draft.method,
        text.substr(path_at, path_end - path_at), text.substr(path_end + 1),
        draft.headers_before_host, text.substr(scheme_size, path_at - scheme_size),
        draft.headers_after_host, draft.signed_headers, kUnsignedPayload
    );
    std::string scope;
    scope.reserve(64);
    fmt::format_to(std::back_inserter(scope), "{}/{}/s3/aws4_request", date, config_.region);
    const auto key = keys_.get(config_.access_key_id, config_.secret, date, config_.region, "s3");
    url += "&X-Amz-Signature=";
    url += signature_of(key, string_to_sign(amz_date, scope, canonical));
    return {std::string(draft.method), std::move(url), {}};
}

}  // namespace pixgate::aws
