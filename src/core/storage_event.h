// An S3 event notification, as far as the flow needs it. The JSON form is in aws/s3_event_json.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace pixgate {

struct StorageEvent {
    std::string name;  // "ObjectCreated:Put", without "s3:"
    TimePoint at;
    std::string bucket;
    std::string key;  // decoded
    std::uint64_t size_bytes = 0;
    std::string etag;        // without quotes; may be empty on removals
    std::string version_id;  // empty in unversioned buckets
    std::string sequencer;   // hex
    std::string request_id;
    std::string source_ip;

    bool is_created() const { return name.starts_with("ObjectCreated:"); }
    bool is_removed() const { return name.starts_with("ObjectRemoved:"); }
};

// Order of two events of the SAME bucket and key: upper-case both, pad the shorter with '0',
// compare as text. Source: S3 user guide, "Event message structure".
std::strong_ordering compare_sequencers(std::string_view a, std::string_view b);

}  // namespace pixgate
