#include "base/json_reader.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace pixgate {

namespace {

void append_utf8(std::string& out, std::uint32_t c) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0 | c >> 6);
        put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        put(0xe0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    } else {
        put(0xf0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3f));
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    }
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::unexpected<Error> JsonReader::wrong(std::string_view what) const {
    return fail(
        Errc::kInvalidArgument, "JSON, byte " + std::to_string(at_) + ": " + std::string(what)
    );
}

void JsonReader::skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
}

Result<JsonReader::Kind> JsonReader::peek() {
    skip_space();
    if (at_ >= text_.size()) return wrong("the text ends too early");
    switch (text_[at_]) {
        case '{':
            return Kind::kObject;
        case '[':
            return Kind::kArray;
        case '"':
            return Kind::kString;
        case 't':
        case 'f':
            return Kind::kBool;
        case 'n':
            return Kind::kNull;
        default:
            if (text_[at_] == '-' || is_digit(text_[at_])) return Kind::kNumber;
            return wrong("not a value");
    }
}

Result<void> JsonReader::begin(char open, bool is_object) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != open) {
        return wrong(is_object ? "an object is expected" : "an array is expected");
    }
    if (frames_.size() >= max_depth_) return wrong("nested too deeply");
    ++at_;
    frames_.push_back(Frame{is_object, false, {}});
    return {};
}

Result<void> JsonReader::begin_object() {
    return begin('{', true);
}
Result<void> JsonReader::begin_array() {
    return begin('[', false);
}

// Between values: true where another one follows, false (and the frame is left) at the closing
// bracket.
Result<bool> JsonReader::comma_or_close(char close) {
    skip_space();
    if (at_ >= text_.size()) return wrong("the text ends too early");
    Frame& frame = frames_.back();
    if (text_[at_] == close) {
        ++at_;
        frames_.pop_back();
        return false;
    }
    if (frame.has_any) {
        if (text_[at_] != ',') return wrong("a comma is expected");
        ++at_;
        skip_space();
    }
    frame.has_any = true;
    return true;
}

Result<std::optional<std::string>> JsonReader::next_member() {
    if (frames_.empty() || !frames_.back().is_object) return wrong("not inside an object");
    TRY(const bool more, comma_or_close('}'));
    if (!more) return std::nullopt;
    TRY(std::string key, string());
    auto& keys = frames_.back().keys;
    if (keys.size() >= kMaxMembers) return wrong("too many members");
    if (std::ranges::find(keys, key) != keys.end()) return wrong("a key appears twice");
    keys.push_back(key);
    skip_space();
    if (at_ >= text_.size() || text_[at_] != ':') return wrong("a colon is expected");
    ++at_;
    return key;
}

Result<bool> JsonReader::next_element() {
    if (frames_.empty() || frames_.back().is_object) return wrong("not inside an array");
    return comma_or_close(']');
}

Result<std::uint32_t> JsonReader::four_hex() {
    if (text_.size() - at_ < 4) return wrong("\\u needs four hex digits");
    std::uint32_t value = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, first + 4, value, 16);
    if (error != std::errc{} || end != first + 4) return wrong("\\u needs four hex digits");
    at_ += 4;
    return value;
}

// What follows a backslash.
Result<void> JsonReader::escape(std::string& out) {
    if (at_ >= text_.size()) return wrong("the text ends inside a string");
    const char c = text_[at_++];
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (const auto i = kNames.find(c); i != kNames.npos) {
        out += kValues[i];
        return {};
    }
    if (c != 'u') return wrong("unknown escape");
    TRY(std::uint32_t value, four_hex());
    if (value >= 0xdc00 && value < 0xe000) return wrong("half of a surrogate pair");
    if (value >= 0xd800 && value < 0xdc00) {
        if (!text_.substr(at_).starts_with("\\u")) return wrong("half of a surrogate pair");
        at_ += 2;
        TRY(const std::uint32_t low, four_hex());
        if (low < 0xdc00 || low >= 0xe000) return wrong("half of a surrogate pair");
        value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, value);
    return {};
}

Result<std::string> JsonReader::string() {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != '"') return wrong("a string is expected");
    ++at_;
    std::string out;
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '"') {
            if (!is_utf8(out)) return wrong("the string is not UTF-8");
            ++at_;
            return out;
        }
        if (static_cast<unsigned char>(c) < 0x20) return wrong("a control character in a string");
        ++at_;
        if (c == '\\') {
            CHECK_OK(escape(out));
        } else {
            out += c;
        }
    }
    return wrong("the text ends inside a string");
}

// Any JSON number, as it stands.
Result<void> JsonReader::number_text(std::string_view& out) {
    skip_space();
    const std::size_t start = at_;
    const auto digits = [this] {
        const std::size_t from = at_;
        while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
        return at_ - from;
    };
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    const std::size_t whole = at_;
    if (digits() == 0) return wrong("a number is expected");
    if (text_[whole] == '0' && at_ - whole > 1) return wrong("a number begins with 0");
    if (at_ < text_.size() && text_[at_] == '.') {
        ++at_;
        if (digits() == 0) return wrong("a number ends with a point");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
        ++at_;
        if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
        if (digits() == 0) return wrong("an exponent without digits");
    }
    out = text_.substr(start, at_ - start);
    return {};
}

Result<std::int64_t> JsonReader::integer() {
    std::string_view text;
    CHECK_OK(number_text(text));
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size()) return wrong("a whole number is expected");
    if (error != std::errc{}) return wrong("the number is too large");
    return value;
}

Result<void> JsonReader::literal(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return wrong("not a value");
    at_ += word.size();
    return {};
}

Result<bool> JsonReader::boolean() {
    skip_space();
    if (text_.substr(std::min(at_, text_.size())).starts_with('t')) {
        CHECK_OK(literal("true"));
        return true;
    }
    if (!literal("false")) return wrong("true or false is expected");
    return false;
}

Result<void> JsonReader::null() {
    skip_space();
    return literal("null");
}

Result<void> JsonReader::skip() {
    TRY(const Kind kind, peek());
    switch (kind) {
        case Kind::kObject:
            CHECK_OK(begin_object());
            for (;;) {
                TRY(const auto key, next_member());
                if (!key) return {};
                CHECK_OK(skip());
            }
        case Kind::kArray:
            CHECK_OK(begin_array());
            for (;;) {
                TRY(const bool more, next_element());
                if (!more) return {};
                CHECK_OK(skip());
            }
        case Kind::kString:
            CHECK_OK(string());
            return {};
        case Kind::kNumber: {
            std::string_view text;
            return number_text(text);
        }
        case Kind::kBool:
            CHECK_OK(boolean());
            return {};
        case Kind::kNull:
            return null();
    }
    return {};
}

Result<void> JsonReader::end() {
    skip_space();
    if (!frames_.empty()) return wrong("the text ends too early");
    if (at_ != text_.size()) return wrong("more text after the value");
    return {};
}

}  // namespace pixgate
