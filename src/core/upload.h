// The request for permission to send one picture, and the rules it is held to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "core/image.h"
#include "core/policy.h"

namespace pixgate {

struct ThumbnailRequest {
    std::string name;
    std::string content_type;
    std::uint64_t size_bytes = 0;
};

struct UploadRequest {
    std::string filename;
    std::string content_type;
    std::uint64_t size_bytes = 0;
    std::optional<std::string> checksum_sha256;  // base64 of 32 bytes
    std::string policy = "default";
    std::string owner;  // from the caller, or named by a server key
    std::vector<ThumbnailRequest> thumbnails;
    std::map<std::string, std::string> metadata;
};

// One request the sender makes exactly as it stands here.
struct PresignedRequest {
    std::string method;
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
};

struct UploadPermission {
    ImageId image_id;
    TimePoint expires_at;
    PresignedRequest original;
    std::vector<std::pair<std::string, PresignedRequest>> thumbnails;  // name, request
};

// Where it does not, a request may still name some: they are left out of the permission.
bool takes_thumbnails(const Policy& policy);

// Holds the request against the policy. Errors name the field in `reason` ("size_bytes") and say
// the limit in the message: kInvalidArgument, kTooLarge, kUnsupportedMedia.
Result<void> validate(const UploadRequest& request, const Policy& policy);

// Whose pictures: 1 to 200 bytes without control characters. It stands in rows, logs and events.
bool is_owner(std::string_view text);

// A file name as data for display: NFC is left alone, control, bidi and path characters dropped,
// 255 bytes at most.
std::string clean_filename(std::string_view name);

}  // namespace pixgate
