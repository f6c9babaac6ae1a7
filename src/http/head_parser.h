// The head of an HTTP/1.x request: a strict parser without I/O. Whatever two servers might read
// differently is refused, because a proxy in front of us may read it the other way (request
// smuggling). Source: RFC 9112 sections 2-6, RFC 9110 section 7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace pixgate::http {

struct HeadLimits {
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_target_bytes = 8 * 1024;
    std::size_t max_fields = 100;
};

// Views into the buffer that was parsed.
struct Head {
    std::size_t size_bytes = 0;  // up to and with the empty line
    std::string_view method;
    std::string_view path;
    std::string_view query;
    std::string_view host;
    Fields fields;
    std::optional<std::uint64_t> content_length;
    bool is_chunked = false;
    bool is_http_1_0 = false;
    bool wants_keep_alive = true;
    bool expects_continue = false;

    // Empty again, with the memory of its fields.
    void clear() {
        Fields kept = std::move(fields);
        kept.clear();
        *this = Head{};
        fields = std::move(kept);
    }

    bool has_body() const { return is_chunked || content_length.value_or(0) > 0; }
};

// The answer to give before closing.
struct HeadRefusal {
    unsigned status = 400;
    std::string_view reason;  // short, for the body and the log
};

// One request head, fed as it arrives.
class HeadParser {
public:
    explicit HeadParser(const HeadLimits& limits) : limits_(limits) {}

    // `buffer` is everything received since the request began and only grows from call to call.
    // True: `head` is filled in. False: more bytes are needed.
    std::expected<bool, HeadRefusal> feed(std::string_view buffer, Head& head);

private:
    std::expected<bool, HeadRefusal> scan(std::string_view buffer);

    HeadLimits limits_;
    std::size_t start_ = 0;       // of the request line, after one empty line that is forgiven
    std::size_t line_start_ = 0;  // of the line that is not complete yet
    std::size_t scanned_ = 0;
    std::size_t n_lines_ = 0;
};

// True where every byte may be part of a token (RFC 9110 section 5.6.2) and there is at least one.
bool is_token(std::string_view text);
// True where every byte may be part of a field value: visible, space, tab, 0x80 and above.
bool is_field_text(std::string_view text);

}  // namespace pixgate::http
