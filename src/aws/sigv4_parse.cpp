#include "aws/sigv4_parse.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace pixgate::aws {

namespace {

constexpr std::size_t kMaxSignedHeaders = 100;
constexpr std::size_t kMaxAccessKeyIdBytes = 128;

S3Code malformed(AuthKind kind) {
    return kind == AuthKind::kHeader ? S3Code::kAuthorizationHeaderMalformed
                                     : S3Code::kAuthorizationQueryParametersError;
}

// Fields that say one thing: given twice, two readers could take different ones.
bool is_single(std::string_view name) {
    static constexpr std::array<std::string_view, 10> kSingle{
        "authorization", "host",     "date",          "content-length", "content-type",
        "content-md5",   "if-match", "if-none-match", "range",          "expires"
    };
    return std::ranges::find(kSingle, name) != kSingle.end() ||
           (name.starts_with("x-amz-") && !name.starts_with("x-amz-meta-"));
}

S3Result<void> refuse_doubled(const http::Fields& fields) {
    std::vector<std::string> seen;
    for (const auto& field : fields) {
        auto name = to_lower(field.name);
        if (!is_single(name)) continue;
        if (std::ranges::find(seen, name) != seen.end()) {
            return s3_fail(S3Code::kInvalidArgument, "The header " + name + " is given twice.");
        }
        seen.push_back(std::move(name));
    }
    return {};
}

std::string_view field_value(const http::Fields& fields, std::string_view name) {
    for (const auto& field : fields) {
        if (equal_ignoring_case(field.name, name)) return field.value;
    }
    return {};
}

// AK/20260115/us-east-1/s3/aws4_request
S3Result<void> parse_credential(ParsedAuth& auth, std::string_view text) {
    std::array<std::string_view, 5> parts;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto slash = text.find('/');
        if (slash == std::string_view::npos) {
            return s3_fail(malformed(auth.kind), "The credential has not five parts.");
        }
        parts[i] = text.substr(0, slash);
        text.remove_prefix(slash + 1);
    }
    parts[4] = text;
    const bool is_date = parts[1].size() == 8 &&
                         std::ranges::all_of(parts[1], [](char c) { return c >= '0' && c <= '9'; });
    if (parts[0].empty() || parts[0].size() > kMaxAccessKeyIdBytes || !is_date ||
        parts[4] != "aws4_request") {
        return s3_fail(malformed(auth.kind), "The credential is malformed.");
    }
    auth.access_key_id = parts[0];
    auth.date = parts[1];
    auth.region = parts[2];
    auth.service = parts[3];
    return {};
}

// "host;x-amz-date": lower case, each once, in order.
S3Result<void> parse_signed_headers(ParsedAuth& auth, std::string_view text) {
    auth.signed_header_text = text;
    std::string_view rest = auth.signed_header_text;
    while (true) {
        const auto end = rest.find(';');
        const auto name = rest.substr(0, end);
        const bool is_token = !name.empty() && std::ranges::all_of(name, [](char c) {
            return c > ' ' && c < 0x7f && c != ':' && c != ',' && !(c >= 'A' && c <= 'Z');
        });
        const bool is_in_order = auth.signed_headers.empty() || auth.signed_headers.back() < name;
        if (!is_token || !is_in_order || auth.signed_headers.size() == kMaxSignedHeaders) {
            return s3_fail(malformed(auth.kind), "SignedHeaders is malformed.");
        }
        auth.signed_headers.push_back(name);
        if (end == std::string_view::npos) return {};
        rest.remove_prefix(end + 1);
    }
}

S3Result<void> parse_header_date(ParsedAuth& auth, const http::Fields& fields) {
    auto text = field_value(fields, "x-amz-date");
    auto time = parse_iso_basic(text);
    if (text.data() == nullptr) {
        text = field_value(fields, "date");
        time = parse_iso_basic(text);
        if (!time) time = parse_http_date(text);
    }
    if (!time) {
        return s3_fail(
            S3Code::kAccessDenied, "AWS authentication requires a valid Date or x-amz-date header."
        );
    }
    auth.signed_at = *time;
    auth.amz_date = format_iso_basic(*time);
    return {};
}

// AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…  (a bare comma between them, too)
S3Result<void> parse_header(ParsedAuth& auth, std::string_view text, const http::Fields& fields) {
    auth.kind = AuthKind::kHeader;
    text.remove_prefix(kAlgorithm.size());
    std::string_view credential, signed_headers, signature;
    while (!text.empty()) {
        const auto end = text.find(',');
        const auto part = trim(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        const auto equals = part.find('=');
        const auto name = part.substr(0, equals);
        auto* slot = name == "Credential"      ? &credential
                     : name == "SignedHeaders" ? &signed_headers
                     : name == "Signature"     ? &signature
                                               : nullptr;
        if (slot == nullptr || slot->data() != nullptr || equals == std::string_view::npos) {
            return s3_fail(S3Code::kAuthorizationHeaderMalformed);
        }
        *slot = part.substr(equals + 1);
    }
    if (credential.empty() || signed_headers.empty() || signature.empty()) {
        return s3_fail(S3Code::kAuthorizationHeaderMalformed);
    }
    auth.signature = signature;
    CHECK_OK(parse_credential(auth, credential));
    CHECK_OK(parse_signed_headers(auth, signed_headers));
    return parse_header_date(auth, fields);
}

// ?X-Amz-Algorithm=…&X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Expires=…&X-Amz-SignedHeaders=…
//  &X-Amz-Signature=…
S3Result<void> parse_presigned(ParsedAuth& auth, const std::vector<QueryItem>& query) {
    auth.kind = AuthKind::kPresigned;
    constexpr auto kCode = S3Code::kAuthorizationQueryParametersError;
    const auto* algorithm = find_item(query, "X-Amz-Algorithm");
    const auto* credential = find_item(query, "X-Amz-Credential");
    const auto* date = find_item(query, "X-Amz-Date");
    const auto* expires = find_item(query, "X-Amz-Expires");
    const auto* signed_headers = find_item(query, "X-Amz-SignedHeaders");
    const auto* signature = find_item(query, "X-Amz-Signature");
    if (algorithm == nullptr || credential == nullptr || date == nullptr || expires == nullptr ||
        signed_headers == nullptr || signature == nullptr) {
        return s3_fail(
            kCode,
            "Query-string authentication requires X-Amz-Algorithm, X-Amz-Credential, "
            "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders and X-Amz-Expires."
        );
    }
    if (*algorithm != kAlgorithm) {
        return s3_fail(kCode, "X-Amz-Algorithm only supports AWS4-HMAC-SHA256.");
    }
    const auto time = parse_iso_basic(*date);
    if (!time) return s3_fail(kCode, "X-Amz-Date must be in the form yyyyMMdd'T'HHmmss'Z'.");
    std::int64_t seconds = 0;
    const char* end = expires->data() + expires->size();
    const auto [stop, ec] = std::from_chars(expires->data(), end, seconds);
    if (ec != std::errc{} || stop != end || seconds < 1 || seconds > kMaxPresignLifetime.count()) {
        return s3_fail(kCode, "X-Amz-Expires must be a number between 1 and 604800.");
    }
    auth.signed_at = *time;
    auth.amz_date = *date;
    auth.lifetime = std::chrono::seconds(seconds);
    auth.signature = *signature;
    CHECK_OK(parse_credential(auth, *credential));
    return parse_signed_headers(auth, *signed_headers);
}

bool is_version_2(std::string_view authorization, const std::vector<QueryItem>& query) {
    return authorization.starts_with("AWS ") || find_item(query, "AWSAccessKeyId") != nullptr ||
           (find_item(query, "Signature") != nullptr && find_item(query, "Expires") != nullptr);
}

bool is_presigned(const std::vector<QueryItem>& query) {
    static constexpr std::array<std::string_view, 5> kMarks{
        "x-amz-algorithm", "x-amz-credential", "x-amz-signature", "x-amz-signedheaders",
        "x-amz-expires"
    };
    // In any letter case: a request that looks presigned must never pass as something else.
    return std::ranges::any_of(query, [](const QueryItem& item) {
        return std::ranges::find(kMarks, to_lower(item.name)) != kMarks.end();
    });
}

}  // namespace

S3Result<std::unique_ptr<ParsedAuth>> parse_auth(
    const http::Fields& fields, const std::vector<QueryItem>& query
) {
    CHECK_OK(refuse_doubled(fields));
    const auto authorization = field_value(fields, "authorization");
    if (is_version_2(authorization, query)) {
        return s3_fail(
            S3Code::kInvalidRequest,
            "The authorization mechanism you have provided is not supported. "
            "Please use AWS4-HMAC-SHA256."
        );
    }
    const bool in_header = authorization.data() != nullptr;
    const bool in_query = is_presigned(query);
    if (in_header && in_query) {
        return s3_fail(S3Code::kInvalidArgument, "Only one auth mechanism allowed.");
    }
    if (!in_header && !in_query) return s3_fail(S3Code::kAccessDenied);
    auto auth = std::make_unique<ParsedAuth>();
    if (in_query) {
        CHECK_OK(parse_presigned(*auth, query));
        return auth;
    }
    if (!authorization.starts_with(kAlgorithm) || authorization.size() == kAlgorithm.size() ||
        authorization[kAlgorithm.size()] != ' ') {
        return s3_fail(S3Code::kInvalidArgument, "Unsupported Authorization Type");
    }
    CHECK_OK(parse_header(*auth, authorization, fields));
    return auth;
}

}  // namespace pixgate::aws
