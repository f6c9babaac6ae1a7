// Reads the authentication of a request, from the Authorization header or from the query, into one
// form. Only the verifier uses it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/sigv4.h"

namespace pixgate::aws {

struct ParsedAuth {
    AuthKind kind = AuthKind::kHeader;
    std::string access_key_id;
    std::string date, region, service;  // of the scope
    std::string signature;
    std::string signed_header_text;                // "host;x-amz-date"
    std::vector<std::string_view> signed_headers;  // views into it
    std::string amz_date;
    TimePoint signed_at;
    std::chrono::seconds lifetime{0};  // presigned only

    std::string scope() const { return date + '/' + region + '/' + service + "/aws4_request"; }
    ParsedAuth() = default;
    // The views would point into the source.
    ParsedAuth(const ParsedAuth&) = delete;
    ParsedAuth& operator=(const ParsedAuth&) = delete;
};

//   errors  AccessDenied (anonymous, no date), InvalidRequest (Signature Version 2),
//   InvalidArgument
//           (two mechanisms, doubled fields), AuthorizationHeaderMalformed,
//           AuthorizationQueryParametersError
S3Result<std::unique_ptr<ParsedAuth>> parse_auth(
    const http::Fields& fields, const std::vector<QueryItem>& query
);

}  // namespace pixgate::aws
