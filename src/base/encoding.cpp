#include "base/encoding.h"

#include <openssl/crypto.h>

#include <array>
#include <cstdint>

namespace pixgate {

namespace {

constexpr std::string_view kHexLower = "0123456789abcdef";
constexpr std::string_view kHexUpper = "0123456789ABCDEF";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string encode64(ByteView in, std::string_view alphabet, bool pad) {
    std::string out;
    out.reserve((in.size() + 2) / 3 * 4);
    std::size_t i = 0;
    for (; i + 3 <= in.size(); i += 3) {
        const auto v = (std::to_integer<std::uint32_t>(in[i]) << 16) |
                       (std::to_integer<std::uint32_t>(in[i + 1]) << 8) |
                       std::to_integer<std::uint32_t>(in[i + 2]);
        for (int shift = 18; shift >= 0; shift -= 6) out += alphabet[(v >> shift) & 63];
    }
    const std::size_t rest = in.size() - i;
    if (rest > 0) {
        auto v = std::to_integer<std::uint32_t>(in[i]) << 16;
        if (rest == 2) v |= std::to_integer<std::uint32_t>(in[i + 1]) << 8;
        out += alphabet[(v >> 18) & 63];
        out += alphabet[(v >> 12) & 63];
        if (rest == 2) out += alphabet[(v >> 6) & 63];
        if (pad) out.append(3 - rest, '=');
    }
    return out;
}

Result<Bytes> decode64(std::string_view text, std::string_view alphabet) {
    if (text.size() % 4 == 1) return fail(Errc::kInvalidArgument, "base64 text has a wrong length");
    std::array<std::int8_t, 256> value{};
    value.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        value[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
    Bytes out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int n_bits = 0;
    for (const char c : text) {
        const int v = value[static_cast<unsigned char>(c)];
        if (v < 0) return fail(Errc::kInvalidArgument, "not a base64 character");
        bits = (bits << 6) | static_cast<std::uint32_t>(v);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out.push_back(static_cast<std::byte>((bits >> n_bits) & 0xff));
        }
    }
    // Leftover bits must be zero, or two texts would mean the same bytes.
    if ((bits & ((1U << n_bits) - 1)) != 0) {
        return fail(Errc::kInvalidArgument, "base64 text is not canonical");
    }
    return out;
}

}  // namespace

std::string hex_encode(ByteView bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto b : bytes) {
        out += kHexLower[std::to_integer<unsigned>(b) >> 4];
        out += kHexLower[std::to_integer<unsigned>(b) & 15];
    }
    return out;
}

Result<Bytes> hex_decode(std::string_view text) {
    if (text.size() % 2 != 0) return fail(Errc::kInvalidArgument, "hex text has an odd length");
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int hi = hex_digit(text[i]);
        const int lo = hex_digit(text[i + 1]);
        if (hi < 0 || lo < 0) return fail(Errc::kInvalidArgument, "not a hex digit");
        out.push_back(static_cast<std::byte>(hi * 16 + lo));
    }
    return out;
}

std::string base64_encode(ByteView bytes) {
    return encode64(bytes, kBase64, true);
}

Result<Bytes> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return fail(Errc::kInvalidArgument, "base64 text has a wrong length");
    if (text.ends_with("==")) {
        text.remove_suffix(2);
    } else if (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    return decode64(text, kBase64);
}

std::string base64url_encode(ByteView bytes) {
    return encode64(bytes, kBase64Url, false);
}
Result<Bytes> base64url_decode(std::string_view text) {
    return decode64(text, kBase64Url);
}

std::string percent_encode(std::string_view text, bool keep_slash) {
    std::string out;
    out.reserve(text.size() + 16);
    for (const char c : text) {
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~' ||
                           (c == '/' && keep_slash);
        if (plain) {
            out += c;
        } else {
            const auto u = static_cast<unsigned char>(c);
            out += '%';
            out += kHexUpper[u >> 4];
            out += kHexUpper[u & 15];
        }
    }
    return out;
}

static Result<std::string> decode_percent(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return fail(Errc::kInvalidArgument, "cut percent-encoding");
            const int hi = hex_digit(text[i + 1]);
            const int lo = hex_digit(text[i + 2]);
            if (hi < 0 || lo < 0) return fail(Errc::kInvalidArgument, "bad percent-encoding");
            out += static_cast<char>(hi * 16 + lo);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

Result<std::string> percent_decode(std::string_view text) {
    return decode_percent(text, false);
}
Result<std::string> form_decode(std::string_view text) {
    return decode_percent(text, true);
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_utf8(std::string_view text) {
    const auto* s = reinterpret_cast<const unsigned char*>(text.data());
    const std::size_t n = text.size();
    const auto is_tail = [&](std::size_t i) { return i < n && (s[i] & 0xc0) == 0x80; };
    for (std::size_t i = 0; i < n;) {
        const unsigned char c = s[i];
        if (c < 0x80) {
            i += 1;
        } else if (c >= 0xc2 && c <= 0xdf && is_tail(i + 1)) {
            i += 2;
        } else if (c >= 0xe0 && c <= 0xef && is_tail(i + 1) && is_tail(i + 2) &&
                   !(c == 0xe0 && s[i + 1] < 0xa0) && !(c == 0xed && s[i + 1] > 0x9f)) {
            i += 3;
        } else if (c >= 0xf0 && c <= 0xf4 && is_tail(i + 1) && is_tail(i + 2) && is_tail(i + 3) &&
                   !(c == 0xf0 && s[i + 1] < 0x90) && !(c == 0xf4 && s[i + 1] > 0x8f)) {
            i += 4;
        } else {
            return false;
        }
    }
    return true;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = lower(c);
    return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace pixgate
