// A strict JSON reader (RFC 8259) for what strangers send: no DOM, bounded depth and member count,
// duplicate keys refused, integers only, strings that are UTF-8. The caller asks for what it
// expects, so that unknown fields and wrong types are found where they stand.
//   CHECK_OK(json.begin_object());
//   for (;;) { TRY(const auto key, json.next_member()); if (!key) break; … read or skip one value …
//   } CHECK_OK(json.end());
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pixgate {

// Every error is kInvalidArgument and says at which byte.
class JsonReader {
public:
    static constexpr std::size_t kMaxMembers =
        256;  // of one object: keeps the search for duplicates short

    explicit JsonReader(std::string_view text, std::size_t max_depth = 8)
        : text_(text), max_depth_(max_depth) {}

    enum class Kind : std::uint8_t { kObject, kArray, kString, kNumber, kBool, kNull };
    Result<Kind> peek();

    Result<void> begin_object();
    // The next key of the innermost object; nullopt where it ends. A value must be read after each
    // key.
    Result<std::optional<std::string>> next_member();
    Result<void> begin_array();
    // True where another element follows (read it), false where the innermost array ends.
    Result<bool> next_element();

    Result<std::string> string();
    Result<std::int64_t> integer();  // no fraction, no exponent, within 64 bits
    Result<bool> boolean();
    Result<void> null();
    Result<void> skip();  // one value of any kind, held to the same rules
    Result<void> end();   // nothing but white space is left

private:
    struct Frame {
        bool is_object = false;
        bool has_any = false;
        std::vector<std::string> keys;
    };
    std::unexpected<Error> wrong(std::string_view what) const;
    void skip_space();
    Result<void> begin(char open, bool is_object);
    Result<bool> comma_or_close(char close);
    Result<void> literal(std::string_view word);
    Result<void> number_text(std::string_view& out);
    Result<void> escape(std::string& out);
    Result<std::uint32_t> four_hex();

    std::string_view text_;
    std::size_t max_depth_;
    std::size_t at_ = 0;
    std::vector<Frame> frames_;
};

}  // namespace pixgate
