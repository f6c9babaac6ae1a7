// Puts a Response on the wire. For http/*.cpp only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/server_state.h"
#include "http/wire.h"

namespace pixgate::http {

struct AnswerContext {
    bool is_head = false;
    bool is_http_1_0 = false;
    bool keeps_alive = true;
    std::string_view request_id;
    std::string_view date;
};

// How the body is delimited. RFC 9112 section 6.3.
struct Framing {
    bool has_body = false;    // bytes follow the head
    bool is_chunked = false;  // else by length, or by closing where there is no length either
    std::optional<std::uint64_t> length;
};
Framing framing_of(const Response& response, const AnswerContext& context);

// Status line and fields with the final empty line; without the part that prebuilt_head holds
// already. Fields that would break the head (CR, LF, NUL) are left out and logged; those that are
// ours are left out.
std::string build_head(
    const Response& response, const Framing& framing, const AnswerContext& context
);

class ResponseWriter {
public:
    ResponseWriter(Wire& wire, LoopPart& part, Server::State& server);

    // Takes the body out of `response`. False: the answer is incomplete or of no known end, close.
    // `unread` takes bytes that came from the client meanwhile; `is_streaming` is true during a
    // stream that a stop of the server may end early.
    Task<bool> write(
        Response& response, AnswerContext context, std::string& unread, bool& is_streaming
    );

private:
    Task<bool> write_text(Response& response, std::string_view head, std::string_view body);
    Task<bool> write_file(Response& response, std::string_view head, FileBody file);
    Task<void> write_failure(AnswerContext context);
    Task<bool> send_file(FileBody& file);
    Task<bool> write_counted(
        Response& response, std::string_view head, BodySource& body, std::uint64_t length
    );

    Wire& wire_;
    LoopPart& part_;
    Server::State& server_;
};

}  // namespace pixgate::http
