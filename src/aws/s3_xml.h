// The XML bodies of S3's answers and requests, as far as the embedded store speaks them. Pure code.
// Source: docs.aws.amazon.com/AmazonS3/latest/API (ListObjectsV2, ListBuckets, CreateBucket)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/s3_errors.h"
#include "base/clock.h"

namespace pixgate::aws {

struct ListedObject {
    std::string key;
    std::uint64_t size_bytes = 0;
    std::string etag;  // without quotes
    TimePoint last_modified;
};

struct ListAnswer {
    std::string bucket;
    std::string prefix;
    std::string delimiter;
    std::string start_after;
    std::string continuation_token;  // as the client sent it
    std::string next_token;          // set where is_truncated
    std::uint32_t max_keys = 1000;
    bool is_truncated = false;
    bool is_url_encoded = false;  // encoding-type=url: names percent-encoded, '/' left
    bool has_owner = false;       // fetch-owner=true
    std::vector<ListedObject> objects;
    std::vector<std::string> common_prefixes;
};
// <ListBucketResult>, version 2.
std::string render_list_v2(const ListAnswer& answer, std::string_view owner_id);

struct ListedBucket {
    std::string name;
    TimePoint created_at;
};
// <ListAllMyBucketsResult>
std::string render_buckets(const std::vector<ListedBucket>& buckets, std::string_view owner_id);

// <LocationConstraint>; empty for us-east-1, as S3 answers.
std::string render_location(std::string_view region);

// LocationConstraint of <CreateBucketConfiguration>; empty where the body or the element is.
//   errors  MalformedXML
S3Result<std::string> parse_create_bucket(std::string_view body);

}  // namespace pixgate::aws
