// Which handler answers which method and path. Built once at start, then read only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"

namespace pixgate::http {

class Router {
public:
    struct Route {
        std::string method;  // "GET"; a GET route answers HEAD too (the server drops the body)
        std::string
            pattern;  // "/v1/images/{id}"; a last "{rest...}" takes the remainder, slashes included
        Handler handler;
    };

    void add(std::string method, std::string pattern, Handler handler);

    // Called for every request before the handler (CORS, request metrics); a Response ends it
    // there. nullopt: go on. Called in order of adding.
    using Filter = std::function<std::optional<Response>(Request&)>;
    void add_filter(Filter filter);
    // Called for every response, errors included (CORS headers, security headers).
    using Finisher = std::function<void(const Request&, Response&)>;
    void add_finisher(Finisher finisher);
    // The answer where no handler gave one: 404 no such path, 405 other methods only (`allow` lists
    // them), 400 broken percent-encoding in a parameter, 500 an exception. Plain text without a
    // fallback.
    using Fallback = std::function<Response(const Request&, unsigned status, std::string allow)>;
    void set_fallback(Fallback fallback);

    const std::vector<Route>& routes() const { return routes_; }

    // The whole: match (sets route and params), filters, handler or fallback, finishers. Where
    // several patterns match, a literal segment wins over a parameter, and that over the remainder.
    Task<Response> handle(Request& request) const;

private:
    enum class SegmentKind : char { kLiteral = '0', kParam = '1', kRest = '2' };
    struct Segment {
        SegmentKind kind = SegmentKind::kLiteral;
        std::string text;  // the literal, or the parameter's name
    };
    // Name and raw value of each parameter of a pattern that matches.
    using Values = std::vector<std::pair<std::string_view, std::string_view>>;
    struct Match {
        const Route* route = nullptr;
        unsigned status = 404;  // the fallback's, where route is null
        std::string allow;
    };

    static std::optional<Values> match(const std::vector<Segment>& pattern, std::string_view path);
    Match find(Request& request) const;
    Task<Response> answer(Request& request, const Match& match) const;
    Response fallback(const Request& request, unsigned status, std::string allow) const;

    std::vector<Route> routes_;
    std::vector<std::vector<Segment>> patterns_;  // beside routes_
    std::vector<std::string> ranks_;              // kinds of the segments: smaller is more specific
    std::vector<Filter> filters_;
    std::vector<Finisher> finishers_;
    Fallback fallback_;
};

}  // namespace pixgate::http
