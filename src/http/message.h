// HTTP requests and responses as the rest of the program sees them: no sockets, no Asio, no Beast.
// roles/ register handlers (http/router.h); http/server.cpp reads and writes the wire.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/body.h"
#include "base/fd.h"
#include "base/task.h"

namespace pixgate {
class Counter;
}

namespace pixgate::http {

// Header fields in wire order; names compare without case. Views into the connection's buffer: they
// hold as long as the request does.
class Fields {
public:
    struct Field {
        std::string_view name;
        std::string_view value;  // trimmed of spaces and tabs at both ends
    };

    void add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }
    void clear() { fields_.clear(); }
    // The first with that name; empty view (data() == nullptr) where there is none.
    std::string_view get(std::string_view name) const;
    bool has(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }

private:
    std::vector<Field> fields_;
};

// A request whose head was read and found well-formed. The body comes through `body`.
struct Request {
    std::string_view method;  // "GET", upper case as sent
    std::string_view path;    // raw, still percent-encoded, begins with '/' ("*" for OPTIONS *)
    std::string_view query;   // raw, without '?'; empty where there is none
    std::string_view host;    // value of Host, as sent
    Fields fields;
    std::optional<std::uint64_t> content_length;  // absent with chunked or without body
    bool is_chunked = false;
    std::string peer;        // "127.0.0.1:51234"
    std::string id;          // request id, ours: 16 hex digits
    std::string_view route;  // set by the router: "/v1/images/{id}" (for metrics and logs)
    std::map<std::string, std::string, std::less<>> params;  // set by the router, percent-decoded
    // Reading it sends "100 Continue" first where the client waits for that; a handler that answers
    // without reading it refuses the body. Never null; an absent body is empty. It can't be read
    // after the handler has returned.
    BodySource* body = nullptr;

    // Decoded value of a query parameter ('+' is a space); nullopt where absent. First one wins.
    std::optional<std::string> query_value(std::string_view name) const;
};

struct FileBody {  // bytes [offset, offset + length) of an open file, sent by sendfile or read in
                   // pieces
    UniqueFd fd;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
using SharedBody =
    std::shared_ptr<const std::string>;  // one copy for all who ask, as caches need it
struct PartBody {                        // a part of it, which lies within
    SharedBody whole;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string_view text() const { return std::string_view(*whole).substr(offset, length); }
};
using StreamBody = std::unique_ptr<BodySource>;  // chunked where its length() is unknown

// Leave to give an answer again to each GET of the same target (path and query) without asking the
// handler: with the body, or 304 where If-None-Match names the tag. Requests with Range or another
// precondition still come to the handler.
struct Repeat {
    std::chrono::steady_clock::time_point until;  // for moments: a picture may be deleted
    SharedBody head;                              // as Response::prebuilt_head, of the 200
    SharedBody head_unchanged;                    // of the 304
    SharedBody body;
    std::string etag;  // with quotes
    // Request fields that the answer depends on as well (Vary). Literals.
    std::vector<std::string_view> by_fields;
    // Void as soon as `epoch` is not at `epoch_seen`: read before the handler looked anything up.
    std::shared_ptr<const std::atomic<std::uint64_t>> epoch;
    std::uint64_t epoch_seen = 0;
    Counter* counter = nullptr;  // counts the repetitions; lives as long as the server
};

struct Response {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>>
        fields;  // without Date, Content-Length, Connection
    std::variant<std::monostate, std::string, SharedBody, PartBody, FileBody, StreamBody> body;
    // A whole prebuilt head ("HTTP/1.1 200 OK\r\n…\r\n" without Date, Connection and the final
    // CRLF) in place of the status line: hot answers are one call. It holds its own
    // Content-Length; `fields` come after it. status is still set, for logs.
    SharedBody prebuilt_head;
    // For HEAD and 304: Content-Length to announce without a body.
    std::optional<std::uint64_t> announced_length;
    bool close = false;  // close the connection after this answer
    std::unique_ptr<Repeat> repeat;

    Response() = default;
    explicit Response(unsigned s) : status(s) {}
    Response& set(std::string name, std::string value) {
        fields.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    std::string_view get(std::string_view name) const;  // first with that name, or empty
};

// The fields of `response` as a prebuilt head. Names and values are ours: not checked.
SharedBody prebuild_head(const Response& response);

// Text body with its type.
Response text_response(unsigned status, std::string content_type, std::string body);

// Handlers run on an event loop: blocking work goes through offload(). An exception is a bug: 500
// and a log line. The Request outlives the handler's coroutine.
using Handler = std::function<Task<Response>(Request&)>;

// "OK" for 200 and so on; "Unknown" for codes not in RFC 9110.
std::string_view reason_phrase(unsigned status);

}  // namespace pixgate::http
