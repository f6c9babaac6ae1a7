// An HTTP/1.1 client for calls out of the process (webhooks, JWKS, the command line, S3 later).
// Each call has a deadline. Redirects are not followed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/body.h"
#include "base/task.h"

namespace pixgate::http {

struct ClientRequest {
    std::string method = "GET";
    std::string url{};  // http:// or https:// (system certificate authorities)
    std::vector<std::pair<std::string, std::string>> fields{};
    std::string body{};                        // or:
    BodySource* stream = nullptr;              // with its length(); sent in pieces
    std::size_t max_response_bytes = 1 << 20;  // over it kTooLarge
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{10'000};     // without progress
    std::function<void(std::uint64_t)> on_sent{};  // bytes of the body sent so far
};

struct ClientResponse {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
    std::string_view get(std::string_view name) const;
};

// errors  kUnavailable (no connection, reset), kDeadlineExceeded, kInvalidArgument (URL),
//         kTooLarge, kCancelled, and those of `stream`
Task<Result<ClientResponse>> fetch(ClientRequest request);

// A server-sent-event stream or any long answer, piece by piece, until `on_piece` gives false or it
// ends.
Task<Result<unsigned>> fetch_stream(
    ClientRequest request, std::function<bool(std::string_view)> on_piece
);

}  // namespace pixgate::http
