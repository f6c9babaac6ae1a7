#include "roles/store/operation.h"

#include <algorithm>

#include "base/encoding.h"

namespace pixgate::store {

std::optional<std::string_view> Call::query(std::string_view name) const {
    const auto* value = verified.query_value(name);
    if (value == nullptr) return std::nullopt;
    return *value;
}

std::optional<std::string> Call::amz(std::string_view name) const {
    std::string joined;
    if (aws::append_canonical_value(joined, request.fields, name)) return joined;
    if (verified.kind != aws::AuthKind::kPresigned) return std::nullopt;
    for (const auto& item : verified.query) {
        if (equal_ignoring_case(item.name, name)) return item.value;
    }
    return std::nullopt;
}

std::map<std::string, std::string> Call::amz_values() const {
    static constexpr std::array<std::string_view, 9> kAuthentication{
        "x-amz-algorithm", "x-amz-content-sha256", "x-amz-credential",
        "x-amz-date",      "x-amz-expires",        "x-amz-security-token",
        "x-amz-signature", "x-amz-signedheaders",  "x-amz-user-agent"
    };
    std::map<std::string, std::string> out;
    const auto add = [&](std::string_view raw) {
        auto name = to_lower(raw);
        if (!name.starts_with("x-amz-") || std::ranges::binary_search(kAuthentication, name))
            return;
        auto value = amz(name).value_or("");
        out.emplace(std::move(name), std::move(value));
    };
    for (const auto& field : request.fields) add(field.name);
    if (verified.kind == aws::AuthKind::kPresigned) {
        for (const auto& item : verified.query) add(item.name);
    }
    return out;
}

aws::S3Result<void> check_amz_headers(
    const Call& call, std::initializer_list<std::string_view> known
) {
    for (const auto& [name, value] : call.amz_values()) {
        const auto matches = [&](std::string_view k) {
            return k.ends_with('*') ? name.starts_with(k.substr(0, k.size() - 1)) : name == k;
        };
        if (std::ranges::any_of(known, matches)) continue;
        return std::unexpected(aws::S3Error(aws::S3Code::kNotImplemented).with("Header", name));
    }
    return {};
}

aws::S3Result<void> check_private_and_standard(const Call& call) {
    if (call.amz("x-amz-acl").value_or("private") != "private") {
        return aws::s3_fail(aws::S3Code::kAccessControlListNotSupported);
    }
    if (call.amz("x-amz-storage-class").value_or("STANDARD") != "STANDARD") {
        return aws::s3_fail(aws::S3Code::kInvalidStorageClass);
    }
    return {};
}

aws::S3Error object_error(const Error& error, const Call& call) {
    if (error.code == Errc::kNotFound && (error.reason == "bucket" || call.key.empty())) {
        return aws::S3Error(aws::S3Code::kNoSuchBucket).with("BucketName", call.bucket);
    }
    auto out = aws::s3_error_from(error);
    if (error.code == Errc::kNotFound) out.with("Key", call.key);
    return out;
}

http::Response xml_response(std::string body) {
    return http::text_response(200, "application/xml", std::move(body));
}

}  // namespace pixgate::store
