// JSON-lines log on standard error: {"at":…,"level":…,"message":…,"request_id":…,…}. Secrets are
// masked: fields whose key ends in secret, token, key, password or authorization, and signatures
// inside URLs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace pixgate::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

struct Field {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, double, bool> value;

    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
    Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
    Field(std::string_view k, bool v) : key(k), value(v) {}
    Field(std::string_view k, double v) : key(k), value(v) {}
    template <class I>
        requires std::is_integral_v<I>
    Field(std::string_view k, I v) : key(k), value(static_cast<std::int64_t>(v)) {}
};
using Fields = std::initializer_list<Field>;

void set_level(Level level);
bool is_on(Level level);  // where putting the fields together is too much to do in vain
Result<Level> parse_level(std::string_view name);  // debug, info, warning, error, off

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warning(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});
// An Error as fields: code, error, where.
void failure(Level level, std::string_view message, const Error& error, Fields fields = {});

// The line that would be written, without the newline. For tests.
std::string format_line(Level level, std::string_view message, Fields fields);

// "https://h/p?X-Amz-Signature=ab12…&a=b" -> "…X-Amz-Signature=***&a=b". Also sig=, token=,
// Signature=.
std::string mask_url(std::string_view url);

}  // namespace pixgate::log
