#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iterator>

#include "base/clock.h"
#include "base/encoding.h"

namespace pixgate::log {

namespace {

spdlog::logger& logger() {
    static const auto kInstance = [] {
        auto made = std::make_shared<spdlog::logger>(
            "pixgate", std::make_shared<spdlog::sinks::stderr_sink_mt>()
        );
        made->set_pattern("%v");
        made->set_level(spdlog::level::info);
        made->flush_on(spdlog::level::info);
        return made;
    }();
    return *kInstance;
}

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::kDebug:
            return spdlog::level::debug;
        case Level::kInfo:
            return spdlog::level::info;
        case Level::kWarning:
            return spdlog::level::warn;
        case Level::kError:
            return spdlog::level::err;
        case Level::kOff:
            return spdlog::level::off;
    }
    return spdlog::level::info;
}

constexpr std::array<std::string_view, 5> kNames{"debug", "info", "warning", "error", "off"};

bool is_secret(std::string_view key) {
    const std::string name = to_lower(key);
    constexpr std::array<std::string_view, 8> kEndings{"secret",    "secret_key",    "token",
                                                       "password",  "authorization", "api_key",
                                                       "signature", "webhook_url"};
    return std::ranges::any_of(kEndings, [&name](auto end) { return name.ends_with(end); });
}

void write(Level level, std::string_view message, Fields fields) {
    if (logger().should_log(to_spdlog(level))) {
        logger().log(to_spdlog(level), "{}", format_line(level, message, fields));
    }
}

std::string quote(std::string_view text) {
    // Bytes that are not UTF-8 would make the line unreadable for every JSON tool.
    return boost::json::serialize(
        boost::json::string(is_utf8(text) ? text : percent_encode(text, true))
    );
}

}  // namespace

void set_level(Level level) {
    logger().set_level(to_spdlog(level));
}

bool is_on(Level level) {
    return logger().should_log(to_spdlog(level));
}

Result<Level> parse_level(std::string_view name) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return static_cast<Level>(i);
    }
    return fail(Errc::kInvalidArgument, "log level must be debug, info, warning, error or off");
}

std::string format_line(Level level, std::string_view message, Fields fields) {
    std::string out = fmt::format(
        R"({{"at":"{}","level":"{}","message":{})", format_rfc3339(SystemClock().now()),
        kNames[static_cast<std::size_t>(level)], quote(message)
    );
    for (const Field& field : fields) {
        fmt::format_to(std::back_inserter(out), ",{}:", quote(field.key));
        if (is_secret(field.key)) {
            out += R"("***")";
            continue;
        }
        std::visit(
            [&out](const auto& v) {
                using V = std::decay_t<decltype(v)>;
                if constexpr (std::is_same_v<V, std::string_view>) {
                    out += quote(
                        v.find("ignature=") == v.npos && v.find("sig=") == v.npos ? std::string(v)
                                                                                  : mask_url(v)
                    );
                } else {
                    fmt::format_to(std::back_inserter(out), "{}", v);
                }
            },
            field.value
        );
    }
    out += '}';
    return out;
}

void debug(std::string_view message, Fields fields) {
    write(Level::kDebug, message, fields);
}
void info(std::string_view message, Fields fields) {
    write(Level::kInfo, message, fields);
}
void warning(std::string_view message, Fields fields) {
    write(Level::kWarning, message, fields);
}
void error(std::string_view message, Fields fields) {
    write(Level::kError, message, fields);
}

void failure(Level level, std::string_view message, const Error& error, Fields fields) {
    if (!logger().should_log(to_spdlog(level))) return;
    std::string line = format_line(level, message, fields);
    line.pop_back();
    fmt::format_to(
        std::back_inserter(line), R"(,"code":"{}","error":{},"where":{}}})", name_of(error.code),
        quote(error.message),
        quote(fmt::format("{}:{}", error.where.file_name(), error.where.line()))
    );
    logger().log(to_spdlog(level), "{}", line);
}

std::string mask_url(std::string_view url) {
    std::string out;
    std::size_t pos = 0;
    while (pos < url.size()) {
        const auto end = std::min(url.find_first_of("?&", pos), url.size());
        const auto item = url.substr(pos, end - pos);
        const auto eq = item.find('=');
        const auto name = item.substr(0, eq);
        if (eq != item.npos &&
            (equal_ignoring_case(name, "X-Amz-Signature") ||
             equal_ignoring_case(name, "Signature") || name == "sig" || name == "token" ||
             equal_ignoring_case(name, "X-Amz-Security-Token"))) {
            out += name;
            out += "=***";
        } else {
            out += item;
        }
        if (end < url.size()) out += url[end];
        pos = end + 1;
    }
    return out;
}

}  // namespace pixgate::log
