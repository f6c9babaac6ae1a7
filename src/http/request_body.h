// The body of a request on the wire, as a BodySource. For http/*.cpp only.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/body.h"
#include "http/chunked_decoder.h"
#include "http/head_parser.h"
#include "http/server_state.h"
#include "http/wire.h"

namespace pixgate::http {

class RequestBody : public BodySource {
public:
    // `early`: what arrived together with the head.
    RequestBody(
        Wire& wire,
        LoopPart& part,
        const ServerLimits& limits,
        const Head& head,
        std::string_view early
    );
    ~RequestBody() override;
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;

    Task<Result<ByteView>> next() override;
    std::optional<std::uint64_t> length() const override { return length_; }

    // True once all of it was read, even where next() was not asked for the empty piece at the end.
    bool is_finished();
    const std::optional<Error>& failure() const { return failure_; }
    // True where reading the rest and going on with the connection is worth it.
    bool is_worth_draining() const;
    // Reads and drops the rest, within bounds. True: the connection may carry another request.
    Task<bool> drain();
    // Bytes behind the body: the next request. Valid once finished.
    std::string take_rest();

private:
    Task<Result<ByteView>> next_counted();
    Task<Result<ByteView>> next_chunked();
    Task<Result<ByteView>> read(std::uint64_t at_most);
    Task<Result<void>> send_continue();
    void finish(std::string_view rest);
    void release_buffer();

    Wire& wire_;
    LoopPart& part_;
    const ServerLimits& limits_;
    std::optional<std::uint64_t> length_;
    bool is_chunked_;
    bool must_continue_;  // "100 Continue" is still to be sent
    bool is_finished_ = false;
    std::string_view early_;
    std::uint64_t taken_ = 0;  // body bytes given out so far
    std::optional<Error> failure_;
    ChunkedDecoder decoder_;
    BodyBuffers::Buffer buffer_;
    ByteView encoded_;  // chunked input that was read and not decoded yet
    std::string rest_;
    bool was_filled_ = false;                     // the last read took all there was room for
    std::chrono::steady_clock::duration window_;  // in which min_body_bytes must come
    std::chrono::steady_clock::duration window_left_;
    std::size_t window_bytes_ = 0;
};

}  // namespace pixgate::http
