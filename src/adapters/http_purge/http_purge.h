// Purges by plain HTTP calls, one per image and URL: Varnish, nginx, Squid, Fastly and most others
// have such an address.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ports/purge.h"

namespace pixgate {

struct HttpPurgeConfig {
    // With {id} for the image's id: "http://varnish:6081/i/{id}/".
    std::vector<std::string> urls{};
    std::string method = "PURGE";
    std::vector<std::string> headers{};  // "Name: value", with {id}, too
};

// kInvalidArgument (the setting as reason): not an address, no {id}, not a method or header.
Result<std::unique_ptr<PurgeTarget>> make_http_purge(HttpPurgeConfig config);

}  // namespace pixgate
