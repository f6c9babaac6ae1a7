#include "http/chunked_decoder.h"

#include <algorithm>

#include "http/head_parser.h"

namespace pixgate::http {

namespace {

constexpr std::size_t kMaxSizeDigits = 16;
constexpr std::size_t kMaxLineBytes = 4 * 1024;
// Extensions and trailers of one body together: without a bound they are bytes that no limit
// counts.
constexpr std::size_t kMaxOverheadBytes = 16 * 1024;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

bool ChunkedDecoder::take_line(ByteView input, std::size_t& taken, bool& has_line) {
    const auto text = as_text(input).substr(taken);
    const auto feed = text.find('\n');
    const auto piece = text.substr(0, feed == text.npos ? text.size() : feed);
    if (line_.size() + piece.size() > kMaxLineBytes) return false;
    line_ += piece;
    taken += piece.size();
    has_line = feed != text.npos;
    if (has_line) {
        ++taken;
        if (!line_.ends_with('\r')) return false;
        line_.pop_back();
    }
    // A CR may only be the last byte so far, where its LF is still to come.
    const auto cr = line_.find('\r');
    return cr == line_.npos || (!has_line && cr + 1 == line_.size());
}

// chunk-size [ ";" extension ]; extensions are checked for control characters and forgotten.
bool ChunkedDecoder::begin_chunk() {
    std::size_t digits = 0;
    left_ = 0;
    while (digits < line_.size() && hex_digit(line_[digits]) >= 0) {
        if (++digits > kMaxSizeDigits) return false;
        left_ = left_ * 16 + static_cast<std::uint64_t>(hex_digit(line_[digits - 1]));
    }
    // The top bit is refused so that sums of sizes cannot wrap.
    if (digits == 0 || left_ >> 63 != 0) return false;
    const auto extension = std::string_view(line_).substr(digits);
    if (!extension.empty()) {
        const bool is_extension = extension.size() > 1 && extension.front() == ';' &&
                                  is_field_text(extension) && extension.back() != ' ' &&
                                  extension.back() != '\t';
        if (!is_extension) return false;
    }
    overhead_bytes_ += extension.size();
    phase_ = left_ == 0 ? Phase::kTrailer : Phase::kData;
    return overhead_bytes_ <= kMaxOverheadBytes;
}

bool ChunkedDecoder::end_line() {
    bool is_good = false;
    if (phase_ == Phase::kSize) {
        is_good = begin_chunk();
    } else if (phase_ == Phase::kDataEnd) {
        is_good = line_.empty();
        phase_ = Phase::kSize;
    } else if (line_.empty()) {
        is_good = true;
        phase_ = Phase::kOver;
    } else {
        // A trailer: well-formed, then dropped. Nothing of ours reads one.
        const auto colon = line_.find(':');
        overhead_bytes_ += line_.size();
        is_good = colon != line_.npos && is_token(std::string_view(line_).substr(0, colon)) &&
                  is_field_text(std::string_view(line_).substr(colon + 1)) &&
                  overhead_bytes_ <= kMaxOverheadBytes;
    }
    line_.clear();
    return is_good;
}

ChunkedDecoder::Step ChunkedDecoder::decode(ByteView input) {
    Step step;
    const auto fail_step = [&] {
        phase_ = Phase::kFailed;
        step.state = State::kBad;
        return step;
    };
    for (;;) {
        if (phase_ == Phase::kFailed) return fail_step();
        if (phase_ == Phase::kOver) {
            step.state = State::kEnd;
            return step;
        }
        if (step.taken == input.size()) return step;
        if (phase_ == Phase::kData) {
            const auto rest = input.subspan(step.taken);
            step.data =
                rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), left_)));
            step.taken += step.data.size();
            left_ -= step.data.size();
            if (left_ == 0) phase_ = Phase::kDataEnd;
            step.state = State::kData;
            return step;
        }
        // No line may be longer than its empty form after data: say so at the first wrong byte.
        const auto next = as_text(input)[step.taken];
        if (phase_ == Phase::kDataEnd && next != (line_.empty() ? '\r' : '\n')) return fail_step();
        if (phase_ == Phase::kSize && line_.empty() && hex_digit(next) < 0) return fail_step();
        bool has_line = false;
        if (!take_line(input, step.taken, has_line)) return fail_step();
        if (has_line && !end_line()) return fail_step();
    }
}

}  // namespace pixgate::http
