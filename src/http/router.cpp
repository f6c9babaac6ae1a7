#include "http/router.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <optional>

#include "base/encoding.h"
#include "base/log.h"

namespace pixgate::http {

namespace {

// The part before the next '/', taken off `rest` with its slash. nullopt at the end.
std::optional<std::string_view> take_segment(std::string_view& rest) {
    if (rest.empty() || rest.front() != '/') return std::nullopt;
    rest.remove_prefix(1);
    const auto segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    return segment;
}

bool is_same_method(std::string_view route, std::string_view asked) {
    return route == asked || (route == "GET" && asked == "HEAD");
}

void add_allowed(std::string& allow, std::string_view method) {
    const std::string padded = ", " + allow + ",";
    if (padded.find(", " + std::string(method) + ",") != padded.npos) return;
    if (!allow.empty()) allow += ", ";
    allow += method;
    if (method == "GET") add_allowed(allow, "HEAD");
}

void log_exception(const Request& request, std::string_view what) {
    log::error(
        "exception in a handler",
        {{"request_id", request.id}, {"route", request.route}, {"error", what}}
    );
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler) {
    std::vector<Segment> segments;
    std::string rank;
    std::string_view rest = pattern;
    while (const auto text = take_segment(rest)) {
        Segment segment{SegmentKind::kLiteral, std::string(*text)};
        if (text->starts_with('{') && text->ends_with("...}")) {
            assert(rest.empty());
            segment = {SegmentKind::kRest, std::string(text->substr(1, text->size() - 5))};
        } else if (text->starts_with('{') && text->ends_with('}')) {
            segment = {SegmentKind::kParam, std::string(text->substr(1, text->size() - 2))};
        }
        rank += static_cast<char>(segment.kind);
        segments.push_back(std::move(segment));
    }
    routes_.push_back({std::move(method), std::move(pattern), std::move(handler)});
    patterns_.push_back(std::move(segments));
    ranks_.push_back(std::move(rank));
}

void Router::add_filter(Filter filter) {
    filters_.push_back(std::move(filter));
}
void Router::add_finisher(Finisher finisher) {
    finishers_.push_back(std::move(finisher));
}
void Router::set_fallback(Fallback fallback) {
    fallback_ = std::move(fallback);
}

Response Router::fallback(const Request& request, unsigned status, std::string allow) const {
    Response response;
    if (fallback_) {
        response = fallback_(request, status, allow);
    } else {
        response = text_response(status, "text/plain", std::string(reason_phrase(status)) + "\n");
    }
    if (status == 405 && response.get("Allow").empty()) response.set("Allow", std::move(allow));
    return response;
}

std::optional<Router::Values> Router::match(
    const std::vector<Segment>& pattern, std::string_view path
) {
    Values values;
    for (const Segment& segment : pattern) {
        if (segment.kind == SegmentKind::kRest) {
            if (!path.starts_with('/')) return std::nullopt;
            values.emplace_back(segment.text, path.substr(1));
            return values;
        }
        const auto text = take_segment(path);
        if (!text) return std::nullopt;
        if (segment.kind == SegmentKind::kLiteral) {
            if (*text != segment.text) return std::nullopt;
        } else {
            if (text->empty()) return std::nullopt;
            values.emplace_back(segment.text, *text);
        }
    }
    if (!path.empty()) return std::nullopt;
    return values;
}

Router::Match Router::find(Request& request) const {
    Match found;
    std::size_t best = routes_.size();
    Values raw;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        auto values = match(patterns_[i], request.path);
        if (!values) continue;
        add_allowed(found.allow, routes_[i].method);
        if (!is_same_method(routes_[i].method, request.method)) continue;
        const bool is_better =
            best == routes_.size() || ranks_[i] < ranks_[best] ||
            (ranks_[i] == ranks_[best] && routes_[best].method != request.method &&
             routes_[i].method == request.method);
        if (!is_better) continue;
        best = i;
        raw = std::move(*values);
    }
    if (best == routes_.size()) {
        if (!found.allow.empty()) found.status = 405;
        return found;
    }
    request.route = routes_[best].pattern;
    for (const auto& [name, value] : raw) {
        auto decoded = percent_decode(value);
        // A NUL would end the text early for everything behind us that is written in C.
        if (!decoded || decoded->find('\0') != decoded->npos) {
            found.status = 400;
            return found;
        }
        request.params[std::string(name)] = std::move(*decoded);
    }
    found.route = &routes_[best];
    return found;
}

Task<Response> Router::answer(Request& request, const Match& match) const {
    for (const Filter& filter : filters_) {
        if (auto early = filter(request)) co_return std::move(*early);
    }
    if (match.route == nullptr) co_return fallback(request, match.status, match.allow);
    co_return co_await match.route->handler(request);
}

Task<Response> Router::handle(Request& request) const {
    Response response;
    bool has_failed = false;
    try {
        const Match match = find(request);
        response = co_await answer(request, match);
    } catch (const boost::system::system_error& error) {
        // The connection is being taken down; there is no one to answer.
        if (error.code() == boost::asio::error::operation_aborted) throw;
        has_failed = true;
        log_exception(request, error.what());
    } catch (const std::exception& error) {
        has_failed = true;
        log_exception(request, error.what());
    }
    if (has_failed) response = fallback(request, 500, {});
    for (const Finisher& finisher : finishers_) finisher(request, response);
    co_return response;
}

}  // namespace pixgate::http
