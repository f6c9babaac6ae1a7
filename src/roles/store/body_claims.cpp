#include "roles/store/body_claims.h"

#include "base/encoding.h"

namespace pixgate::store {

namespace {

using aws::S3Code;

constexpr std::string_view kPrefix = "x-amz-checksum-";

aws::S3Error invalid_value(std::string_view header) {
    return aws::S3Error(
        S3Code::kInvalidRequest, "Value for " + std::string(header) + " header is invalid."
    );
}

std::uint32_t big_endian(const Bytes& bytes) {
    std::uint32_t value = 0;
    for (const auto b : bytes) value = (value << 8) | std::to_integer<std::uint32_t>(b);
    return value;
}

aws::S3Result<void> claim_sha256(BodyChecks& checks, std::string hex) {
    // x-amz-content-sha256 and x-amz-checksum-sha256 speak of the same bytes.
    if (checks.sha256 && *checks.sha256 != hex) return aws::s3_fail(S3Code::kBadDigest);
    checks.sha256 = std::move(hex);
    return {};
}

aws::S3Result<void> claim_checksum(
    BodyChecks& checks, std::string_view header, std::string_view value
) {
    const auto algorithm = header.substr(kPrefix.size());
    const std::size_t size = algorithm == "sha256" ? 32 : algorithm == "sha1" ? 20 : 4;
    const auto bytes = base64_decode(value);
    if (!bytes || bytes->size() != size) return std::unexpected(invalid_value(header));
    if (algorithm == "sha256") return claim_sha256(checks, hex_encode(*bytes));
    if (algorithm == "sha1") {
        checks.sha1 = hex_encode(*bytes);
    } else if (algorithm == "crc32") {
        checks.crc32 = big_endian(*bytes);
    } else if (algorithm == "crc32c") {
        checks.crc32c = big_endian(*bytes);
    } else {
        return std::unexpected(
            aws::S3Error(S3Code::kNotImplemented).with("Header", std::string(header))
        );
    }
    return {};
}

aws::S3Result<void> read_checksum(const Call& call, BodyClaims& claims) {
    for (const auto& [name, value] : call.amz_values()) {
        if (!name.starts_with(kPrefix)) continue;
        if (name == "x-amz-checksum-type") {
            if (value != "FULL_OBJECT") return std::unexpected(invalid_value(name));
            continue;
        }
        if (!claims.checksum.first.empty()) {
            return aws::s3_fail(
                S3Code::kInvalidRequest, "Expecting a single x-amz-checksum- header."
            );
        }
        CHECK_OK(claim_checksum(claims.checks, name, value));
        claims.checksum = {name, value};
    }
    const auto algorithm = call.amz("x-amz-sdk-checksum-algorithm");
    if (algorithm && claims.checksum.first != std::string(kPrefix) + to_lower(*algorithm)) {
        return aws::s3_fail(
            S3Code::kInvalidRequest,
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
            "x-amz-trailer headers were found."
        );
    }
    return {};
}

}  // namespace

aws::S3Result<BodyClaims> read_body_claims(const Store& store, const Call& call) {
    BodyClaims claims;
    const auto size = call.request.content_length;
    if (!size) return aws::s3_fail(S3Code::kMissingContentLength);
    if (*size > store.config.max_object_bytes) {
        aws::S3Error error(S3Code::kEntityTooLarge);
        error.with("ProposedSize", std::to_string(*size));
        return std::unexpected(
            error.with("MaxSizeAllowed", std::to_string(store.config.max_object_bytes))
        );
    }
    claims.checks.size_bytes = size;
    if (!call.verified.payload_sha256.empty()) claims.checks.sha256 = call.verified.payload_sha256;
    if (const auto md5 = call.header("Content-MD5"); md5.data() != nullptr) {
        const auto bytes = base64_decode(md5);
        if (!bytes || bytes->size() != 16) return aws::s3_fail(S3Code::kInvalidDigest);
        claims.checks.md5 = hex_encode(*bytes);
    }
    CHECK_OK(read_checksum(call, claims));
    return claims;
}

aws::S3Error body_error(const Error& error, const Call& call, const BodyClaims& claims) {
    if (error.code != Errc::kCorrupt) return object_error(error, call);
    if (error.reason == "sha256" && !call.verified.payload_sha256.empty()) {
        return aws::S3Error(S3Code::kXAmzContentSha256Mismatch)
            .with("ClientComputedContentSHA256", call.verified.payload_sha256);
    }
    const bool is_claim = error.reason == "sha256" || error.reason == "sha1" ||
                          error.reason == "md5" || error.reason == "crc32" ||
                          error.reason == "crc32c";
    if (!is_claim) return aws::S3Error(S3Code::kIncompleteBody);
    aws::S3Error out(S3Code::kBadDigest);
    if (!claims.checksum.first.empty()) out.with("ExpectedDigest", claims.checksum.second);
    return out;
}

}  // namespace pixgate::store
