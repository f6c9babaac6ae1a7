// AWS Signature Version 4, both sides: what a signer computes and what a server checks. One
// verifier serves every path into the embedded store, deny by default. Pure code: no sockets, no
// clock of its own. Source:
// docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/canonical.h"
#include "aws/s3_errors.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "http/message.h"

namespace pixgate::aws {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::chrono::minutes kMaxSkew{15};
inline constexpr std::chrono::seconds kMaxPresignLifetime{604'800};  // 7 days

// --- keys and signatures -------------------------------------------------------------------------

// Derived signing keys, so that a request costs one HMAC and not five. Safe from any thread. Holds
// the last 16: a day change or a handful of regions does not grow it.
class SigningKeys {
public:
    // date: "20260115".
    Sha256 get(
        std::string_view access_key_id,
        std::string_view secret,
        std::string_view date,
        std::string_view region,
        std::string_view service
    );

private:
    struct Entry {
        std::string access_key_id, secret, date, region, service;
        Sha256 key{};
    };
    std::mutex mutex_;
    std::vector<Entry> entries_;
    std::size_t next_ = 0;
};

// HMAC chain over "AWS4" + secret, date, region, service, "aws4_request".
Sha256 derive_signing_key(
    std::string_view secret,
    std::string_view date,
    std::string_view region,
    std::string_view service
);

// amz_date: "20260115T093000Z"; scope: "20260115/us-east-1/s3/aws4_request".
std::string string_to_sign(
    std::string_view amz_date, std::string_view scope, std::string_view canonical_request
);

// 64 hex digits.
std::string signature_of(const Sha256& signing_key, std::string_view string_to_sign);

// --- who may sign --------------------------------------------------------------------------------

struct Credential {
    std::string secret;
    std::string session_token;            // empty: a permanent key, which takes no token
    std::optional<TimePoint> expires_at;  // of temporary credentials
};

class CredentialStore {
public:
    virtual ~CredentialStore() = default;
    virtual std::optional<Credential> find(std::string_view access_key_id) const = 0;
};

// A fixed set, as configuration gives it.
class FixedCredentials : public CredentialStore {
public:
    FixedCredentials() = default;
    FixedCredentials(std::string access_key_id, std::string secret) {
        add(std::move(access_key_id), {std::move(secret), {}, {}});
    }
    void add(std::string access_key_id, Credential credential) {
        all_.insert_or_assign(std::move(access_key_id), std::move(credential));
    }
    std::optional<Credential> find(std::string_view access_key_id) const override {
        const auto it = all_.find(access_key_id);
        if (it == all_.end()) return std::nullopt;
        return it->second;
    }

private:
    std::map<std::string, Credential, std::less<>> all_;
};

// --- verifying -----------------------------------------------------------------------------------

// What x-amz-content-sha256 says of the body.
enum class PayloadKind : std::uint8_t {
    kSha256,                  // 64 hex digits: the handler compares after reading
    kUnsigned,                // UNSIGNED-PAYLOAD, and every presigned request
    kStreamingSigned,         // aws-chunked, each chunk signed
    kStreamingSignedTrailer,  // the same with a signed trailer
    kStreamingUnsignedTrailer,
    kStreamingEcdsa,  // SigV4a
};
// nullopt: a value that is not known, which is refused.
std::optional<PayloadKind> parse_payload_kind(std::string_view value);
inline bool is_streaming(PayloadKind kind) {
    return kind != PayloadKind::kSha256 && kind != PayloadKind::kUnsigned;
}

struct VerifyPolicy {
    std::string service = "s3";
    // The first is the server's own and is told to clients that use another one.
    std::vector<std::string> regions{"us-east-1"};
    // UNSIGNED-PAYLOAD with header authentication leaves the body open to whoever is in between:
    // only where the line is trusted (TLS or loopback). Presigned requests are not affected.
    bool allow_unsigned_payload = false;
    // Handlers that read aws-chunked bodies; without it those requests are answered 501 after their
    // seed signature was found right.
    bool allow_streaming_payload = false;
};

struct SignedRequest {
    std::string_view method;
    std::string_view path;   // raw
    std::string_view query;  // raw
    const http::Fields& fields;
    // For services other than S3, where no header tells it: hex SHA-256 of the body.
    std::string_view body_sha256 = {};
};

enum class AuthKind : std::uint8_t { kHeader, kPresigned };

struct VerifiedRequest {
    AuthKind kind = AuthKind::kHeader;
    std::string access_key_id;
    std::string path;              // decoded once; handlers use this and never the raw one
    std::vector<QueryItem> query;  // decoded; the same for both
    PayloadKind payload = PayloadKind::kUnsigned;
    std::string payload_sha256;  // 64 lower-case hex digits for kSha256, else empty
    std::string amz_date;        // with scope and signature: the seed of chunk signatures
    std::string scope;
    std::string signature;
    std::vector<std::string> signed_headers;  // lower case, sorted

    const std::string* query_value(std::string_view name) const { return find_item(query, name); }
};

// Checks shape, date, region, access key, signature, token, payload kind, in this order. An unknown
// access key costs the same as a wrong signature.
class Verifier {
public:
    Verifier(const CredentialStore& credentials, const Clock& clock, VerifyPolicy policy)
        : credentials_(credentials), clock_(clock), policy_(std::move(policy)) {}

    S3Result<VerifiedRequest> verify_request(const SignedRequest& request);

private:
    const CredentialStore& credentials_;
    const Clock& clock_;
    VerifyPolicy policy_;
    SigningKeys keys_;
};

}  // namespace pixgate::aws
