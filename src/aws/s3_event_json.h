// S3 event notifications as JSON: written for the embedded store, read from whoever sends them (S3,
// Ceph RGW, MinIO; direct, through SNS, EventBridge or a Lambda trigger on SQS). Pure code.
// Source: S3 user guide, "Event message structure"; Ceph, "S3 Bucket Notifications Compatibility".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/storage_event.h"

namespace pixgate::aws {

inline constexpr std::size_t kMaxEventJsonBytes = 1 << 20;  // SQS's and Lambda's limit
inline constexpr std::size_t kMaxEventRecords = 1000;

struct EventOrigin {
    std::string region = "us-east-1";
    std::string configuration_id = "pixgate";
    std::string host_id = "pixgate";  // x-amz-id-2 of the answer
};

// {"Records":[one record]}, classic form, version 2.1.
std::string write_s3_event(const StorageEvent& event, const EventOrigin& origin);

// Every record of a notification, in order; empty for a test message. Records of other kinds than
// creation and removal are given as they are.
//   errors  kInvalidArgument: not JSON, over a limit, no notification, another major version, a key
//           or bucket that cannot be
Result<std::vector<StorageEvent>> parse_s3_event(std::string_view json);

// application/x-www-form-urlencoded of the key with '/' left as it is: "a b+c" -> "a+b%2Bc".
std::string encode_event_key(std::string_view key);

}  // namespace pixgate::aws
