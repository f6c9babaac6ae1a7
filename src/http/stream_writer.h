// Sends a body of unknown length while watching whether the client is still there: a stream of
// server-sent events may have nothing to write for minutes, and its source must not live on after
// its listener. For http/*.cpp only.
#pragma once

#include <string>

#include "base/body.h"
#include "http/server_state.h"
#include "http/wire.h"

namespace pixgate::http {

class StreamWriter {
public:
    StreamWriter(Wire& wire, LoopPart& part, Server::State& server, bool is_chunked)
        : wire_(wire), part_(part), server_(server), is_chunked_(is_chunked) {}

    // True: sent to its end, or ended in good order because the server stops (only where
    // `may_end_early`). Bytes that the client sent meanwhile are added to `unread`.
    Task<bool> run(BodySource& body, std::string& unread, bool may_end_early);

private:
    Task<void> pump(BodySource& body);
    Task<void> pump_all(BodySource& body);
    Task<void> watch(std::string& unread, bool may_end_early);
    Task<bool> send_piece(ByteView piece);

    Wire& wire_;
    LoopPart& part_;
    Server::State& server_;
    bool is_chunked_;
    bool is_inside_piece_ = false;
    bool has_ended_ = false;
    bool has_failed_ = false;
    bool is_peer_gone_ = false;
};

}  // namespace pixgate::http
