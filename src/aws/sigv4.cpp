#include "aws/sigv4.h"

#include <algorithm>
#include <utility>

#include "aws/sigv4_parse.h"

namespace pixgate::aws {

Sha256 derive_signing_key(
    std::string_view secret,
    std::string_view date,
    std::string_view region,
    std::string_view service
) {
    std::string first = "AWS4";
    first += secret;
    Sha256 key = hmac_sha256(as_bytes(first), as_bytes(date));
    key = hmac_sha256(key, as_bytes(region));
    key = hmac_sha256(key, as_bytes(service));
    return hmac_sha256(key, as_bytes("aws4_request"));
}

Sha256 SigningKeys::get(
    std::string_view access_key_id,
    std::string_view secret,
    std::string_view date,
    std::string_view region,
    std::string_view service
) {
    constexpr std::size_t kMaxEntries = 16;
    const std::lock_guard lock(mutex_);
    for (const auto& e : entries_) {
        if (e.access_key_id == access_key_id && e.date == date && e.region == region &&
            e.service == service && constant_time_equal(e.secret, secret)) {
            return e.key;
        }
    }
    Entry entry{std::string(access_key_id), std::string(secret),  std::string(date),
                std::string(region),        std::string(service), {}};
    entry.key = derive_signing_key(secret, date, region, service);
    const Sha256 key = entry.key;
    if (entries_.size() < kMaxEntries) {
        entries_.push_back(std::move(entry));
    } else {
        entries_[next_] = std::move(entry);
        next_ = (next_ + 1) % kMaxEntries;
    }
    return key;
}

std::string string_to_sign(
    std::string_view amz_date, std::string_view scope, std::string_view canonical_request
) {
    std::string out;
    out.reserve(kAlgorithm.size() + amz_date.size() + scope.size() + 67);
    out += kAlgorithm;
    out += '\n';
    out += amz_date;
    out += '\n';
    out += scope;
    out += '\n';
    out += sha256_hex(canonical_request);
    return out;
}

std::string signature_of(const Sha256& signing_key, std::string_view string_to_sign) {
    return hex_encode(hmac_sha256(signing_key, as_bytes(string_to_sign)));
}

std::optional<PayloadKind> parse_payload_kind(std::string_view value) {
    if (value == kUnsignedPayload) return PayloadKind::kUnsigned;
    if (value == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") return PayloadKind::kStreamingSigned;
    if (value == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") {
        return PayloadKind::kStreamingSignedTrailer;
    }
    if (value == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
        return PayloadKind::kStreamingUnsignedTrailer;
    }
    if (value == "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD" ||
        value == "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER") {
        return PayloadKind::kStreamingEcdsa;
    }
    const bool is_hash =
        value.size() == 64 && std::ranges::all_of(value, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        });
    if (is_hash) return PayloadKind::kSha256;
    return std::nullopt;
}

namespace {

struct Payload {
    PayloadKind kind = PayloadKind::kUnsigned;
    std::string_view hash;  // as it stands in the canonical request
};

S3Result<Payload> payload_of(
    const SignedRequest& request,
    AuthKind auth,
    const std::vector<QueryItem>& query,
    const VerifyPolicy& policy
) {
    std::string_view value;
    for (const auto& field : request.fields) {
        if (equal_ignoring_case(field.name, "x-amz-content-sha256")) value = field.value;
    }
    if (auth == AuthKind::kPresigned) {
        // The hash of a presigned request is always the same text; SDKs for JavaScript repeat it in
        // the query. Anything else would be a promise that nobody checks.
        const auto* in_query = find_item(query, "X-Amz-Content-Sha256");
        if ((in_query != nullptr && *in_query != kUnsignedPayload) ||
            (value.data() != nullptr && value != kUnsignedPayload)) {
            return s3_fail(
                S3Code::kInvalidArgument, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD."
            );
        }
        return Payload{PayloadKind::kUnsigned, kUnsignedPayload};
    }
    if (policy.service != "s3") return Payload{PayloadKind::kSha256, request.body_sha256};
    if (value.data() == nullptr) {
        return s3_fail(
            S3Code::kInvalidRequest,
            "Missing required header for this request: x-amz-content-sha256"
        );
    }
    const auto kind = parse_payload_kind(value);
    if (!kind) {
        return s3_fail(
            S3Code::kInvalidArgument,
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING value or a valid sha256."
        );
    }
    return Payload{*kind, value};
}

// host, and every x-amz-* header there is: an unsigned one could be added by whoever holds the URL.
S3Result<void> check_coverage(const ParsedAuth& auth, const http::Fields& fields) {
    const auto is_signed = [&](std::string_view name) {
        return std::ranges::binary_search(auth.signed_headers, name);
    };
    std::string missing;
    if (!is_signed("host")) missing = "host";
    for (const auto& field : fields) {
        const auto name = to_lower(field.name);
        if (!name.starts_with("x-amz-") || is_signed(name)) continue;
        if (!missing.empty()) missing += ", ";
        missing += name;
    }
    if (missing.empty()) return {};
    S3Error error(
        S3Code::kAccessDenied, "There were headers present in the request which were not signed"
    );
    return std::unexpected(error.with("HeadersNotSigned", missing));
}

S3Result<void> check_time(const ParsedAuth& auth, TimePoint now) {
    if (auth.date != std::string_view(auth.amz_date).substr(0, 8)) {
        return s3_fail(
            auth.kind == AuthKind::kHeader ? S3Code::kAuthorizationHeaderMalformed
                                           : S3Code::kAuthorizationQueryParametersError,
            "The date of the credential scope is not the date of the request."
        );
    }
    if (auth.kind == AuthKind::kHeader) {
        const auto skew = now > auth.signed_at ? now - auth.signed_at : auth.signed_at - now;
        if (skew <= kMaxSkew) return {};
        S3Error error(S3Code::kRequestTimeTooSkewed);
        error.with("RequestTime", auth.amz_date).with("ServerTime", format_rfc3339(now));
        return std::unexpected(error.with("MaxAllowedSkewMilliseconds", "900000"));
    }
    if (auth.signed_at > now + kMaxSkew) {
        return s3_fail(S3Code::kAccessDenied, "Request is not valid yet");
    }
    if (now <= auth.signed_at + auth.lifetime) return {};
    S3Error error(S3Code::kAccessDenied, "Request has expired");
    error.with("X-Amz-Expires", std::to_string(auth.lifetime.count()));
    error.with("Expires", format_rfc3339(auth.signed_at + auth.lifetime));
    return std::unexpected(error.with("ServerTime", format_rfc3339(now)));
}

S3Result<void> check_scope(const ParsedAuth& auth, const VerifyPolicy& policy) {
    const auto code = auth.kind == AuthKind::kHeader ? S3Code::kAuthorizationHeaderMalformed
                                                     : S3Code::kAuthorizationQueryParametersError;
    if (auth.service != policy.service) {
        return s3_fail(code, "The service of the credential must be " + policy.service + ".");
    }
    if (std::ranges::find(policy.regions, auth.region) != policy.regions.end()) return {};
    S3Error error(code, "The region of the credential is wrong; expecting " + policy.regions[0]);
    return std::unexpected(error.with("Region", policy.regions[0]));
}

S3Result<void> check_token(
    const SignedRequest& request,
    const std::vector<QueryItem>& query,
    const Credential& credential,
    TimePoint now
) {
    // Wherever it stands it counts: a token that is ignored would be a promise nobody checks.
    std::string_view token;
    std::size_t n_tokens = 0;
    for (const auto& item : query) {
        if (!equal_ignoring_case(item.name, "x-amz-security-token")) continue;
        token = item.value;
        ++n_tokens;
    }
    for (const auto& field : request.fields) {
        if (!equal_ignoring_case(field.name, "x-amz-security-token")) continue;
        token = field.value;
        ++n_tokens;
    }
    if (n_tokens > 1) return s3_fail(S3Code::kInvalidToken);
    if (!constant_time_equal(token, credential.session_token)) {
        return s3_fail(S3Code::kInvalidToken);
    }
    if (credential.expires_at && now > *credential.expires_at) {
        return s3_fail(S3Code::kExpiredToken);
    }
    return {};
}

S3Error mismatch(const ParsedAuth& auth, std::string_view to_sign, std::string_view canonical) {
    // Long requests are cut: a refusal stays small whatever was sent.
    constexpr std::size_t kMaxEchoBytes = 2048;
    S3Error error(S3Code::kSignatureDoesNotMatch);
    error.with("AWSAccessKeyId", auth.access_key_id).with("StringToSign", std::string(to_sign));
    error.with("SignatureProvided", auth.signature.substr(0, 64));
    return error.with("CanonicalRequest", std::string(canonical.substr(0, kMaxEchoBytes)));
}

S3Result<void> check_payload(PayloadKind kind, const VerifyPolicy& policy) {
    if (kind == PayloadKind::kStreamingEcdsa ||
        (is_streaming(kind) && !policy.allow_streaming_payload)) {
        return std::unexpected(
            S3Error(S3Code::kNotImplemented).with("Header", "x-amz-content-sha256")
        );
    }
    return {};
}

}  // namespace

S3Result<VerifiedRequest> Verifier::verify_request(const SignedRequest& request) {
    TRY(auto query, parse_query(request.query));
    auto path = percent_decode(request.path);
    if (!path) return s3_fail(S3Code::kInvalidUri);
    TRY(const auto auth, parse_auth(request.fields, query));
    CHECK_OK(check_coverage(*auth, request.fields));
    TRY(const auto payload, payload_of(request, auth->kind, query, policy_));
    const auto now = clock_.now();
    CHECK_OK(check_time(*auth, now));
    CHECK_OK(check_scope(*auth, policy_));

    // An unknown key goes the whole way with a secret of its own, so that time tells nothing.
    const auto found = credentials_.find(auth->access_key_id);
    const std::string_view secret = found ? std::string_view(found->secret) : "no such access key";
    const auto key = keys_.get(
        found ? std::string_view(auth->access_key_id) : std::string_view{}, secret, auth->date,
        auth->region, auth->service
    );
    const auto canonical = canonical_request(
        {request.method, *path, policy_.service == "s3" ? PathForm::kS3 : PathForm::kOther, query,
         auth->signed_headers, request.fields, payload.hash}
    );
    const auto scope = auth->scope();
    const auto to_sign = string_to_sign(auth->amz_date, scope, canonical.text);
    const bool is_right = constant_time_equal(signature_of(key, to_sign), auth->signature);
    if (!found) {
        return std::unexpected(
            S3Error(S3Code::kInvalidAccessKeyId).with("AWSAccessKeyId", auth->access_key_id)
        );
    }
    if (!is_right || !canonical.has_all_headers) {
        return std::unexpected(mismatch(*auth, to_sign, canonical.text));
    }
    CHECK_OK(check_token(request, query, *found, now));
    CHECK_OK(check_payload(payload.kind, policy_));
    if (auth->kind == AuthKind::kHeader && payload.kind == PayloadKind::kUnsigned &&
        !policy_.allow_unsigned_payload) {
        return s3_fail(S3Code::kAccessDenied, "UNSIGNED-PAYLOAD is not allowed on this line.");
    }
    VerifiedRequest out;
    out.kind = auth->kind;
    out.access_key_id = auth->access_key_id;
    out.path = *std::move(path);
    out.query = std::move(query);
    out.payload = payload.kind;
    if (payload.kind == PayloadKind::kSha256) out.payload_sha256 = to_lower(payload.hash);
    out.amz_date = auth->amz_date;
    out.scope = scope;
    out.signature = auth->signature;
    out.signed_headers.assign(auth->signed_headers.begin(), auth->signed_headers.end());
    return out;
}

}  // namespace pixgate::aws
