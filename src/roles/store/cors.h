// Cross-origin rules of the store, as browsers and S3 expect them. A preflight is never
// authenticated; the fields go on errors, too, or a page could not read why an upload failed.
// Source: docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html; Fetch, "HTTP-cors protocol".
#pragma once

#include "aws/s3_errors.h"
#include "http/message.h"
#include "roles/store/store_config.h"

namespace pixgate::store {

// The answer to OPTIONS.
//   errors  BadRequest (no preflight), AccessForbidden
aws::S3Result<http::Response> answer_preflight(
    const CorsRules& rules, const http::Request& request
);

// Adds Access-Control-* to the answer of an actual request where its origin is allowed.
void add_cors_fields(
    const CorsRules& rules, const http::Request& request, http::Response& response
);

}  // namespace pixgate::store
