// Which handler answers which method and path. Built once at start, then read only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace pixgate::http {

class Router {
public:
    struct Route {
        std::string method;   // "GET"; a GET route answers HEAD too (the server drops the body)
        std::string pattern;  // "/v1/images/{id}"; a last "{rest...}" takes the remainder, slashes included
        Handler handler;
    };

    void add(std::string method, std::string pattern, Handler handler);

    // Called for every request before the handler (CORS, request metrics); a Response ends it there.
    // nullopt: go on. Called in order of adding.
    using Filter = std::function<std::optional<Response>(Request&)>;
    void add_filter(Filter filter);
    // Called for every response, errors included (CORS headers, security headers).
    using Finisher = std::function<void(const Request&, Response&)>;
    void add_finisher(Finisher finisher);
    // The answer for a path without a route (404) and for one with other methods (405, `allow` lists them).
    using Fallback = std::function<Response(const Request&, unsigned status, std::string allow)>;
    void set_fallback(Fallback fallback);

    const std::vector<Route>& routes() const { return routes_; }

    // The whole: filters, match, handler or fallback, finishers. Exceptions become 500.
    Task<Response> handle(Request& request) const;

private:
    std::vector<Route> routes_;
    std::vector<Filter> filters_;
    std::vector<Finisher> finishers_;
    Fallback fallback_;
};

}  // namespace pixgate::http
