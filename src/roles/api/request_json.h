// Bodies that clients send, read strictly: every unknown field is an error that names it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/upload.h"

namespace pixgate::roles {

inline constexpr std::size_t kMaxJsonBytes = 64 * 1024;

// {"filename","content_type","size_bytes", "checksum_sha256"?, "policy"?, "method"?, "owner"?,
// "thumbnails"?: [{"name","content_type","size_bytes"}], "metadata"?: {…}}. Errors are
// kInvalidArgument with the field in `reason`; limits of the policy are core/upload's.
Result<UploadRequest> parse_upload_request(std::string_view json);

// {"transforms": ["w640", "w=333,fit=cover"]}: 1 to 50 texts.
Result<std::vector<std::string>> parse_link_request(std::string_view json);

}  // namespace pixgate::roles
