// Calls a StoreHandler in the process, as a signing client would over the wire.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/memory/memory.h"
#include "base/clock.h"
#include "roles/store/store_handler.h"
#include "tests/support/sigv4_vectors.h"

namespace pixgate::testing {

struct StoreRequest {
    std::string method = "GET";
    std::string target = "/";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool has_length = true;              // false: sent without Content-Length
    std::optional<std::string> payload;  // x-amz-content-sha256; default: the body's hash
};

struct StoreAnswer {
    unsigned status = 0;
    http::Response response;
    std::string body;
    bool body_was_read = false;
    std::string get(std::string_view name) const { return std::string(response.get(name)); }
    // Text of an XML element, the first with that name.
    std::string element(std::string_view name) const;
};

// Adds Host, x-amz-date, x-amz-content-sha256 and Authorization; all headers are signed.
StoreRequest signed_with(
    StoreRequest request,
    TimePoint at,
    std::string_view access_key_id = kExampleKeyId,
    std::string_view secret = kExampleSecret
);

// A store in memory with the bucket "bkt" and the key of the vectors.
class TestStore {
public:
    explicit TestStore(store::StoreConfig config = {});

    ManualClock clock{parse_iso_basic("20260115T093000Z").value()};
    memory::Adapters adapters;
    aws::FixedCredentials credentials;
    std::unique_ptr<store::StoreHandler> handler;

    StoreAnswer send(const StoreRequest& request);  // as it is
    StoreAnswer call(StoreRequest request) {
        return send(signed_with(std::move(request), clock.now()));
    }
    StoreAnswer call(std::string method, std::string target, std::string body = {}) {
        return call({std::move(method), std::move(target), {}, std::move(body), true, {}});
    }
};

}  // namespace pixgate::testing
