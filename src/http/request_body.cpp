#include "http/request_body.h"

#include <algorithm>

namespace pixgate::http {

namespace {
constexpr std::uint64_t kMaxDrainBytes = 256 * 1024;
constexpr std::chrono::seconds kMaxDrainTime{2};
}  // namespace

RequestBody::RequestBody(
    Wire& wire, LoopPart& part, const ServerLimits& limits, const Head& head, std::string_view early
)
    : wire_(wire),
      part_(part),
      limits_(limits),
      length_(head.is_chunked ? std::nullopt : std::optional(head.content_length.value_or(0))),
      is_chunked_(head.is_chunked),
      must_continue_(head.expects_continue),
      is_finished_(!head.has_body()),
      early_(early),
      window_(limits.body_timeout),
      window_left_(limits.body_timeout) {
    if (is_finished_) rest_ = early_;
}

RequestBody::~RequestBody() {
    release_buffer();
}

void RequestBody::release_buffer() {
    if (buffer_.bytes) part_.buffers.give_back(std::move(buffer_));
    buffer_ = {};
}

bool RequestBody::is_finished() {
    if (!is_finished_ && length_ && taken_ == *length_) finish(early_);
    return is_finished_;
}

void RequestBody::finish(std::string_view rest) {
    is_finished_ = true;
    rest_ = rest;
    early_ = {};
    encoded_ = {};
    release_buffer();
}

std::string RequestBody::take_rest() {
    return std::move(rest_);
}

Task<Result<ByteView>> RequestBody::next() {
    if (failure_) co_return std::unexpected(*failure_);
    // Before an empty body, too: awscli takes a final answer without "100 Continue" for the answer
    // to its next request on the connection as well.
    if (must_continue_) {
        must_continue_ = false;
        if (auto sent = co_await send_continue(); !sent) co_return std::unexpected(sent.error());
    }
    if (is_finished_) co_return ByteView{};
    auto piece = co_await (is_chunked_ ? next_chunked() : next_counted());
    if (!piece) {
        failure_ = piece.error();
        release_buffer();
        co_return piece;
    }
    taken_ += piece->size();
    if (taken_ > limits_.max_body_bytes) {
        failure_ = Error{Errc::kTooLarge, "request body over the limit", {}};
        co_return std::unexpected(*failure_);
    }
    co_return piece;
}

Task<Result<void>> RequestBody::send_continue() {
    // Whoever sent a part of the body already does not wait for it.
    if (!early_.empty()) co_return Result<void>{};
    if (co_await wire_.send_text("HTTP/1.1 100 Continue\r\n\r\n", limits_.write_timeout)) {
        co_return Result<void>{};
    }
    failure_ = Error{Errc::kCancelled, "the client went away", {}};
    co_return std::unexpected(*failure_);
}

Task<Result<ByteView>> RequestBody::next_counted() {
    const std::uint64_t left = *length_ - taken_;
    if (left == 0) {
        finish(early_);
        co_return ByteView{};
    }
    if (!early_.empty()) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left, early_.size()));
        const auto piece = as_bytes(early_.substr(0, n));
        early_.remove_prefix(n);
        co_return piece;
    }
    co_return co_await read(left);
}

Task<Result<ByteView>> RequestBody::next_chunked() {
    for (;;) {
        if (!early_.empty()) {
            encoded_ = as_bytes(early_);
            early_ = {};
        }
        const auto step = decoder_.decode(encoded_);
        encoded_ = encoded_.subspan(step.taken);
        if (step.state == ChunkedDecoder::State::kBad) {
            co_return fail(Errc::kCorrupt, "broken chunked coding");
        }
        if (step.state == ChunkedDecoder::State::kData) co_return step.data;
        if (step.state == ChunkedDecoder::State::kEnd) {
            finish(as_text(encoded_));
            co_return ByteView{};
        }
        CO_TRY(encoded_, co_await read(BodyBuffers::kLargeBytes));
    }
}

// At least one byte and at most `at_most`, from the wire.
Task<Result<ByteView>> RequestBody::read(std::uint64_t at_most) {
    const bool wants_large = was_filled_ && at_most > BodyBuffers::kSmallBytes;
    if (wants_large && buffer_.size < BodyBuffers::kLargeBytes) release_buffer();
    for (;;) {
        if (!buffer_.bytes) buffer_ = part_.buffers.take(wants_large);
        const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(at_most, buffer_.size));
        const auto got = wire_.receive({buffer_.bytes.get(), room});
        if (got.kind == Wire::Kind::kBytes) {
            was_filled_ = got.n == room;
            window_bytes_ += got.n;
            if (window_bytes_ >= limits_.min_body_bytes) {
                window_bytes_ = 0;
                window_left_ = window_;
            }
            co_return ByteView(buffer_.bytes.get(), got.n);
        }
        if (got.kind != Wire::Kind::kWouldBlock) {
            co_return fail(Errc::kCancelled, "the client went away in the middle of its body");
        }
        // A slow sender holds no buffer while we wait for it.
        was_filled_ = false;
        release_buffer();
        const auto before = std::chrono::steady_clock::now();
        const auto limit = std::chrono::ceil<std::chrono::milliseconds>(window_left_);
        const auto waited = co_await wire_.wait_readable(limit);
        window_left_ -= std::chrono::steady_clock::now() - before;
        if (waited == WaitResult::kInterrupted)
            co_return fail(Errc::kCancelled, "the server stops");
        if (waited == WaitResult::kTimeout || window_left_ <= window_left_.zero()) {
            co_return fail(Errc::kDeadlineExceeded, "the request body comes too slowly");
        }
    }
}

bool RequestBody::is_worth_draining() const {
    // A client that still waits for "100 Continue" may send the body or not: only closing is clear.
    if (failure_ || must_continue_) return false;
    if (is_finished_) return true;
    return is_chunked_ || *length_ - taken_ <= kMaxDrainBytes;
}

Task<bool> RequestBody::drain() {
    if (!is_worth_draining()) co_return false;
    window_ = std::min<std::chrono::steady_clock::duration>(window_, kMaxDrainTime);
    window_left_ = window_;
    window_bytes_ = 0;
    const auto end = std::chrono::steady_clock::now() + kMaxDrainTime;
    const auto limit_bytes = taken_ + kMaxDrainBytes;
    while (!is_finished_) {
        const auto piece = co_await next();
        if (!piece) co_return false;
        if (taken_ > limit_bytes || std::chrono::steady_clock::now() > end) co_return false;
    }
    co_return true;
}

}  // namespace pixgate::http
