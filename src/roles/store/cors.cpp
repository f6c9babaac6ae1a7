#include "roles/store/cors.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace pixgate::store {

namespace {

constexpr std::string_view kMethods = "GET, PUT, HEAD, POST, DELETE";
constexpr std::string_view kExposed =
    "ETag, Content-Length, Content-Range, Content-Type, Date, Last-Modified, Location, "
    "x-amz-checksum-crc32, x-amz-checksum-crc32c, x-amz-checksum-sha1, x-amz-checksum-sha256, "
    "x-amz-checksum-type, x-amz-id-2, x-amz-request-id";
constexpr std::size_t kMaxAskedHeaders = 2048;

// Adds the fields that say who may read. False where the origin may not.
bool allow_origin(const CorsRules& rules, std::string_view origin, http::Response& response) {
    const auto has = [&](std::string_view o) {
        return std::ranges::find(rules.allowed_origins, o) != rules.allowed_origins.end();
    };
    if (has(origin)) {
        response.set("Access-Control-Allow-Origin", std::string(origin));
        response.set("Access-Control-Allow-Credentials", "true");
        return true;
    }
    if (!has("*")) return false;
    response.set("Access-Control-Allow-Origin", "*");
    return true;
}

bool is_method(std::string_view method) {
    static constexpr std::array<std::string_view, 5> kAllowed{
        "DELETE", "GET", "HEAD", "POST", "PUT"
    };
    return std::ranges::binary_search(kAllowed, method);
}

// Names, commas and spaces only: the value goes back into a header.
bool is_name_list(std::string_view text) {
    return text.size() <= kMaxAskedHeaders && std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == ',' || c == ' ';
           });
}

constexpr std::string_view kVary =
    "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

}  // namespace

aws::S3Result<http::Response> answer_preflight(
    const CorsRules& rules, const http::Request& request
) {
    const auto origin = request.fields.get("Origin");
    const auto method = request.fields.get("Access-Control-Request-Method");
    const auto headers = request.fields.get("Access-Control-Request-Headers");
    if (origin.empty() || method.empty()) {
        return aws::s3_fail(
            aws::S3Code::kBadRequest,
            "Insufficient information. Origin request header needed, and "
            "Access-Control-Request-Method."
        );
    }
    if (rules.allowed_origins.empty()) {
        return aws::s3_fail(
            aws::S3Code::kAccessForbidden, "CORSResponse: CORS is not enabled for this bucket."
        );
    }
    http::Response response(200);
    if (!is_method(method) || !is_name_list(headers) || !allow_origin(rules, origin, response)) {
        return aws::s3_fail(aws::S3Code::kAccessForbidden);
    }
    response.set("Access-Control-Allow-Methods", std::string(kMethods));
    if (!headers.empty()) response.set("Access-Control-Allow-Headers", std::string(headers));
    response.set("Access-Control-Expose-Headers", std::string(kExposed));
    response.set("Access-Control-Max-Age", std::to_string(rules.max_age.count()));
    response.set("Vary", std::string(kVary));
    return response;
}

void add_cors_fields(
    const CorsRules& rules, const http::Request& request, http::Response& response
) {
    const auto origin = request.fields.get("Origin");
    if (origin.empty() || !response.get("Access-Control-Allow-Origin").empty()) return;
    if (!allow_origin(rules, origin, response)) return;
    response.set("Access-Control-Expose-Headers", std::string(kExposed));
    response.set("Vary", std::string(kVary));
}

}  // namespace pixgate::store
