// Text forms of bytes: hex, base64, base64url, percent-encoding. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pixgate {

using ByteView = std::span<const std::byte>;
using Bytes = std::vector<std::byte>;

inline ByteView as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string hex_encode(ByteView bytes);           // lower case
Result<Bytes> hex_decode(std::string_view text);  // either case; even length

std::string base64_encode(ByteView bytes);              // RFC 4648 section 4, padded
Result<Bytes> base64_decode(std::string_view text);     // strict: padding required, no white space
std::string base64url_encode(ByteView bytes);           // RFC 4648 section 5, unpadded
Result<Bytes> base64url_decode(std::string_view text);  // unpadded only

// Every byte except A-Z a-z 0-9 - . _ ~ as %XX, upper-case hex; '/' stays when keep_slash.
// The form of SigV4 (reference: AWS "Create a canonical request").
std::string percent_encode(std::string_view text, bool keep_slash);
// %XX to bytes, once. '+' stays a plus. Error: '%' without two hex digits.
Result<std::string> percent_decode(std::string_view text);
// application/x-www-form-urlencoded: '+' is a space.
Result<std::string> form_decode(std::string_view text);

// Takes the same time wherever the difference is. Different lengths compare unequal at once.
bool constant_time_equal(std::string_view a, std::string_view b);

// True where the text is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

// ASCII only, as header names and hosts need it.
std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);  // spaces and tabs at both ends

}  // namespace pixgate
