#include "http/head_parser.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace pixgate::http {

namespace {

using Checked = std::expected<void, HeadRefusal>;

std::unexpected<HeadRefusal> refuse(unsigned status, std::string_view reason) {
    return std::unexpected(HeadRefusal{status, reason});
}

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_alnum(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr std::array<bool, 256> make_token_table() {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < 128; ++c) table[c] = is_alnum(static_cast<char>(c));
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr auto kTokenTable = make_token_table();

bool is_token_char(char c) {
    return kTokenTable[static_cast<unsigned char>(c)];
}

// host [":" port]; the bytes that split or hide a host elsewhere ('@', '/', ',', spaces) are not in
// it.
bool is_host(std::string_view text) {
    std::string_view name = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return false;
        name = text.substr(1, end - 1);
        port = text.substr(end + 1);
        const auto is_v6 = [](char c) { return is_alnum(c) || c == ':' || c == '.'; };
        if (name.empty() || !std::ranges::all_of(name, is_v6)) return false;
    } else {
        const auto colon = text.find(':');
        name = text.substr(0, colon);
        port = colon == text.npos ? std::string_view{} : text.substr(colon);
        const auto is_name = [](char c) {
            return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
        };
        if (name.empty() || !std::ranges::all_of(name, is_name)) return false;
    }
    if (port.empty()) return true;
    port.remove_prefix(1);
    return text[text.size() - port.size() - 1] == ':' && !port.empty() && port.size() <= 5 &&
           std::ranges::all_of(port, is_digit);
}

// "http://example.org/p?q": authority and the rest. RFC 9112 section 3.2.2.
Checked parse_absolute_form(std::string_view& target, std::string_view& authority) {
    const auto scheme_end = target.find("://");
    const auto scheme = target.substr(0, scheme_end);
    if (scheme_end == target.npos ||
        !(equal_ignoring_case(scheme, "http") || equal_ignoring_case(scheme, "https"))) {
        return refuse(400, "bad request target");
    }
    target.remove_prefix(scheme_end + 3);
    authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(authority.size());
    if (!is_host(authority)) return refuse(400, "bad authority in the request target");
    return {};
}

struct RequestLine {
    std::string_view method;
    std::string_view path;
    std::string_view query;
    std::string_view authority;  // of an absolute-form target
    bool is_http_1_0 = false;
};

Checked parse_version(std::string_view text, bool& is_http_1_0) {
    const bool is_version = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                            text[6] == '.' && is_digit(text[7]);
    if (!is_version) return refuse(400, "bad request line");
    is_http_1_0 = text.ends_with("1.0");
    if (!is_http_1_0 && !text.ends_with("1.1")) return refuse(505, "unsupported protocol version");
    return {};
}

Checked parse_target(std::string_view target, RequestLine& line) {
    const auto is_target_char = [](char c) { return c > 0x20 && c < 0x7f && c != '#'; };
    if (target.empty() || !std::ranges::all_of(target, is_target_char)) {
        return refuse(400, "bad request target");
    }
    if (target == "*") {
        if (line.method != "OPTIONS") return refuse(400, "bad request target");
        line.path = target;
        return {};
    }
    if (!target.starts_with('/')) {
        if (auto ok = parse_absolute_form(target, line.authority); !ok) return ok;
    }
    const auto question = target.find('?');
    line.path = target.substr(0, question);
    if (question != target.npos) line.query = target.substr(question + 1);
    if (line.path.empty()) line.path = "/";
    return {};
}

// method SP request-target SP HTTP-version, each separated by exactly one space.
Checked parse_request_line(std::string_view text, const HeadLimits& limits, RequestLine& line) {
    const auto first = text.find(' ');
    const auto last = text.rfind(' ');
    if (first == text.npos || first == last) return refuse(400, "bad request line");
    line.method = text.substr(0, first);
    if (!is_token(line.method)) return refuse(400, "bad method");
    const auto target = text.substr(first + 1, last - first - 1);
    if (target.size() > limits.max_target_bytes) return refuse(414, "request target too long");
    if (auto ok = parse_version(text.substr(last + 1), line.is_http_1_0); !ok) return ok;
    // Both would make us a proxy or an echo; neither has a use here.
    if (line.method == "CONNECT" || line.method == "TRACE" || line.method.size() > 32) {
        return refuse(501, "method not implemented");
    }
    return parse_target(target, line);
}

Checked parse_field(std::string_view line, Fields& fields) {
    const auto colon = line.find(':');
    // A space before the colon or at the line's begin (obs-fold) is not a token character.
    if (colon == line.npos || !is_token(line.substr(0, colon)))
        return refuse(400, "bad header field");
    const auto value = trim(line.substr(colon + 1));
    if (!is_field_text(value)) return refuse(400, "bad character in a header field");
    fields.add(line.substr(0, colon), value);
    return {};
}

Checked read_content_length(Head& head) {
    if (!head.fields.has("Content-Length")) return {};
    if (head.fields.count("Content-Length") > 1) return refuse(400, "Content-Length twice");
    const auto text = head.fields.get("Content-Length");
    // Digits only, without leading zeros, which some read as octal; 18 digits can't overflow.
    const bool is_number = !text.empty() && text.size() <= 18 &&
                           std::ranges::all_of(text, is_digit) &&
                           (text.front() != '0' || text.size() == 1);
    if (!is_number) return refuse(400, "bad Content-Length");
    std::uint64_t value = 0;
    for (const char c : text) value = value * 10 + static_cast<std::uint64_t>(c - '0');
    head.content_length = value;
    return {};
}

// RFC 9112 section 6.
Checked read_framing(Head& head) {
    if (auto ok = read_content_length(head); !ok) return ok;
    if (!head.fields.has("Transfer-Encoding")) return {};
    if (head.content_length) return refuse(400, "Content-Length with Transfer-Encoding");
    if (head.is_http_1_0) return refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (head.fields.count("Transfer-Encoding") > 1 ||
        head.fields.get("Transfer-Encoding") != "chunked") {
        return refuse(400, "bad Transfer-Encoding");
    }
    head.is_chunked = true;
    return {};
}

Checked read_host(Head& head, std::string_view authority) {
    const auto n = head.fields.count("Host");
    if (n > 1) return refuse(400, "Host twice");
    if (n == 0) {
        if (!head.is_http_1_0) return refuse(400, "Host is missing");
        return {};
    }
    head.host = head.fields.get("Host");
    if (!is_host(head.host)) return refuse(400, "bad Host");
    if (!authority.empty() && !equal_ignoring_case(authority, head.host)) {
        return refuse(400, "request target and Host differ");
    }
    return {};
}

bool has_option(const Fields& fields, std::string_view name, std::string_view option) {
    for (const auto& field : fields) {
        if (!equal_ignoring_case(field.name, name)) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const auto item = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(rest.size(), item.size() + 1));
            if (equal_ignoring_case(trim(item), option)) return true;
        }
    }
    return false;
}

Checked read_connection(Head& head) {
    head.wants_keep_alive =
        head.is_http_1_0 ? has_option(head.fields, "Connection", "keep-alive") : true;
    if (has_option(head.fields, "Connection", "close")) head.wants_keep_alive = false;
    if (head.is_http_1_0 || !head.fields.has("Expect")) return {};
    for (const auto& field : head.fields) {
        if (equal_ignoring_case(field.name, "Expect") &&
            !equal_ignoring_case(field.value, "100-continue")) {
            return refuse(417, "unknown expectation");
        }
    }
    head.expects_continue = head.is_chunked || head.content_length.has_value();
    return {};
}

Checked parse_complete(std::string_view text, const HeadLimits& limits, Head& head) {
    RequestLine line;
    auto end = text.find("\r\n");
    if (auto ok = parse_request_line(text.substr(0, end), limits, line); !ok) return ok;
    for (text.remove_prefix(end + 2); !text.starts_with("\r\n"); text.remove_prefix(end + 2)) {
        end = text.find("\r\n");
        if (head.fields.size() == limits.max_fields) return refuse(431, "too many header fields");
        if (auto ok = parse_field(text.substr(0, end), head.fields); !ok) return ok;
    }
    head.method = line.method;
    head.path = line.path;
    head.query = line.query;
    head.is_http_1_0 = line.is_http_1_0;
    if (auto ok = read_framing(head); !ok) return ok;
    if (auto ok = read_host(head, line.authority); !ok) return ok;
    return read_connection(head);
}

}  // namespace

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_field_text(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return u == '\t' || (u >= 0x20 && u != 0x7f);
    });
}

// Finds the end of the head, and refuses at once what no further byte can repair, so that a client
// which speaks something else gets its answer without waiting for a timeout.
std::expected<bool, HeadRefusal> HeadParser::scan(std::string_view buffer) {
    for (;;) {
        const auto feed = buffer.find('\n', scanned_);
        if (feed == buffer.npos) break;
        if (feed == line_start_ || buffer[feed - 1] != '\r') return refuse(400, "bare line feed");
        const auto line = buffer.substr(line_start_, feed - 1 - line_start_);
        if (line.find('\r') != line.npos) return refuse(400, "bare carriage return");
        scanned_ = line_start_ = feed + 1;
        if (line_start_ - start_ > limits_.max_header_bytes) return refuse(431, "header too large");
        if (n_lines_ == 0 && line.empty()) {
            // Some old clients send an empty line after a body. RFC 9112 section 2.2.
            if (start_ > 0) return refuse(400, "bad request line");
            start_ = line_start_;
            continue;
        }
        if (line.empty()) return true;
        if (n_lines_++ == 0) {
            RequestLine parsed;
            auto ok = parse_request_line(line, limits_, parsed);
            if (!ok) return std::unexpected(ok.error());
        }
    }
    scanned_ = buffer.size();
    const auto rest = buffer.substr(line_start_);
    if (n_lines_ == 0 && !rest.empty() && !is_token_char(rest.front()) && rest.front() != '\r') {
        return refuse(400, "bad request line");
    }
    const std::size_t method_and_version = 64;
    if (n_lines_ == 0 && rest.size() > limits_.max_target_bytes + method_and_version) {
        return refuse(414, "request target too long");
    }
    if (buffer.size() - start_ > limits_.max_header_bytes) return refuse(431, "header too large");
    return false;
}

std::expected<bool, HeadRefusal> HeadParser::feed(std::string_view buffer, Head& head) {
    auto is_complete = scan(buffer);
    if (!is_complete || !*is_complete) return is_complete;
    const auto text = buffer.substr(start_, line_start_ - start_);
    if (auto ok = parse_complete(text, limits_, head); !ok) return std::unexpected(ok.error());
    head.size_bytes = line_start_;
    return true;
}

}  // namespace pixgate::http
