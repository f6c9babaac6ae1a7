// The canonical request of Signature Version 4: one text for one request, the same for who signs
// and who verifies. Decoded here once; what is signed is what the store acts on, so the same
// decoded path and query go on to the handlers. Pure code. Source:
// docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/s3_errors.h"
#include "http/message.h"

namespace pixgate::aws {

struct QueryItem {
    std::string name;   // decoded
    std::string value;  // decoded; empty where the item had no '='
};

// The items of a raw query, in wire order. '+' is a space, as Go-based stores read it.
//   errors  InvalidArgument: more than 100 items, broken percent-encoding, a name given twice (two
//           readers could take different ones)
S3Result<std::vector<QueryItem>> parse_query(std::string_view raw);

// Value of the item with exactly this name; null where absent.
const std::string* find_item(const std::vector<QueryItem>& items, std::string_view name);

// name=value joined by '&', percent-encoded, sorted by encoded name; without X-Amz-Signature.
std::string canonical_query(const std::vector<QueryItem>& items);

// Trimmed, inner runs of spaces made one, repeated fields joined by ','.
//   returns false where the request has no such field
bool append_canonical_value(std::string& out, const http::Fields& fields, std::string_view name);

enum class PathForm : std::uint8_t {
    kS3,     // encoded once, never normalised
    kOther,  // every other AWS service: encoded twice
};

struct CanonicalInput {
    std::string_view method;
    std::string_view path;  // decoded
    PathForm path_form = PathForm::kS3;
    const std::vector<QueryItem>& query;
    std::span<const std::string_view> signed_headers;  // lower case, sorted
    const http::Fields& fields;
    std::string_view payload_hash;
};

struct CanonicalRequest {
    std::string text;
    bool has_all_headers = true;  // false: a signed header is not in the request
};
CanonicalRequest canonical_request(const CanonicalInput& input);

}  // namespace pixgate::aws
