// Bodies that clients send, read strictly: every unknown field is an error that names it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/edge_signature.h"
#include "core/upload.h"
#include "flow/remake_presets.h"

namespace pixgate::roles {

inline constexpr std::size_t kMaxJsonBytes = 64 * 1024;

// {"filename","content_type","size_bytes", "checksum_sha256"?, "policy"?, "method"?, "owner"?,
// "thumbnails"?: [{"name","content_type","size_bytes"}], "metadata"?: {…}}. Errors are
// kInvalidArgument with the field in `reason`; limits of the policy are core/upload's.
Result<UploadRequest> parse_upload_request(std::string_view json);

// Signed URLs of one image: one for each of up to 50 transforms, or one signature for all of a
// family, or both.
struct LinkRequest {
    std::vector<std::string> transforms;
    SignedFor family = SignedFor::kNothing;  // or kListed, kImage
    bool never_expires = false;
};
// {"transforms"?: ["w640", "w=333,fit=crop"], "family"?: "listed" or "image", "never_expires"?:
// true}. kInvalidArgument with the field in `reason`, also where nothing is asked for.
Result<LinkRequest> parse_link_request(std::string_view json);

// {"presets"?: ["w640"], "force"?: true, "dry_run"?: true}: at most 50 presets.
Result<RemakePresets::Request> parse_remake_request(std::string_view json);

}  // namespace pixgate::roles
