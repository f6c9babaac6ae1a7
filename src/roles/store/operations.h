// Every S3 operation of the store, one line each: method, what the path names, the query parameter
// that selects it ("" for none), the further parameters it knows, its function. A request matches
// the line whose selector it has; a parameter that the line does not know is a sub-resource that
// this store has not: 501, never run as something else. `x-id` (SDKs for JavaScript) is known to
// all.
#pragma once

#include <string_view>

#include "roles/store/operation.h"

// clang-format off
#define PIXGATE_STORE_OPERATIONS(X) \
    X("GET",    kService, "",          "prefix max-buckets",                              list_buckets) \
    X("PUT",    kBucket,  "",          "",                                                create_bucket) \
    X("HEAD",   kBucket,  "",          "",                                                head_bucket) \
    X("GET",    kBucket,  "location",  "",                                                get_bucket_location) \
    X("GET",    kBucket,  "list-type", "prefix delimiter max-keys start-after continuation-token fetch-owner encoding-type", list_objects_v2) \
    X("PUT",    kObject,  "",          "",                                                put_object) \
    X("GET",    kObject,  "",          "response-content-type response-content-language response-content-disposition response-content-encoding response-cache-control response-expires", get_object) \
    X("HEAD",   kObject,  "",          "",                                                head_object) \
    X("DELETE", kObject,  "",          "",                                                delete_object)
// clang-format on

namespace pixgate::store {

enum class Level : std::uint8_t { kService, kBucket, kObject };

#define PIXGATE_DECLARE(method, level, selector, parameters, name) \
    Task<S3Response> name(Store& store, Call& call);
PIXGATE_STORE_OPERATIONS(PIXGATE_DECLARE)
#undef PIXGATE_DECLARE

struct OperationEntry {
    std::string_view method;
    Level level;
    std::string_view selector;
    std::string_view parameters;  // separated by spaces
    std::string_view name;        // for logs and metrics
    Operation run;
};

// The entry for a request.
//   errors  NotImplemented (an operation or sub-resource of S3 that is not here), MethodNotAllowed
aws::S3Result<const OperationEntry*> find_operation(
    std::string_view method, Level level, const aws::VerifiedRequest& verified
);

}  // namespace pixgate::store
