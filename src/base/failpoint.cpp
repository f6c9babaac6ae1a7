#include "base/failpoint.h"

#ifdef PIXGATE_FAILPOINTS

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <map>
#include <string>

namespace pixgate::failpoint {

namespace {

struct Point {
    std::string action;
    long at = 0;  // 0: every hit
    std::atomic<long> hits = 0;
};

struct Table {
    std::map<std::string, Point, std::less<>> points;

    Table() {
        const char* text = std::getenv("PIXGATE_FAILPOINTS");
        std::string_view rest = text != nullptr ? text : "";
        while (!rest.empty()) {
            const auto end = rest.find(';');
            add(rest.substr(0, end));
            rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
        }
    }

    void add(std::string_view item) {
        const auto eq = item.find('=');
        if (eq == std::string_view::npos) return;
        auto action = item.substr(eq + 1);
        Point& point = points[std::string(item.substr(0, eq))];
        if (const auto at = action.find('@'); at != std::string_view::npos) {
            std::from_chars(action.data() + at + 1, action.data() + action.size(), point.at);
            action = action.substr(0, at);
        } else if (action == "kill") {
            point.at = 1;
        }
        point.action = action;
    }
};

Table& table() {
    static Table instance;
    return instance;
}

}  // namespace

Action hit(std::string_view name) {
    auto& points = table().points;
    if (points.empty()) return Action::kNone;
    const auto it = points.find(name);
    if (it == points.end()) return Action::kNone;
    Point& point = it->second;
    if (const long n = ++point.hits; point.at != 0 && n != point.at) return Action::kNone;
    if (point.action == "kill") {
        ::kill(::getpid(), SIGKILL);
        for (;;) ::pause();
    }
    if (point.action == "error") return Action::kError;
    if (point.action == "enospc") return Action::kNoSpace;
    if (point.action == "eio") return Action::kIoError;
    if (point.action == "skip") return Action::kSkip;
    return Action::kNone;
}

Result<void> check(std::string_view name) {
    switch (hit(name)) {
        case Action::kNone:
        case Action::kSkip:
            return {};
        case Action::kNoSpace:
            return fail(Errc::kNoSpace, "failpoint " + std::string(name));
        case Action::kIoError:
            return fail(Errc::kReadOnly, "failpoint " + std::string(name));
        case Action::kError:
            return fail(Errc::kUnavailable, "failpoint " + std::string(name));
    }
    return {};
}

}  // namespace pixgate::failpoint

#endif
