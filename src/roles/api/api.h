// The HTTP API, the page and the SDK files: one table of routes that says for each who may call it.
// Handlers are one file per subject (uploads, images, events, dead_letters, pages); they reach the
// flow and decide nothing.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "core/edge_signature.h"
#include "core/openness.h"
#include "core/presets.h"
#include "flow/delete_image.h"
#include "flow/issue_upload.h"
#include "flow/remake_presets.h"
#include "http/router.h"
#include "ports/dead_letters.h"
#include "roles/api/authenticate.h"
#include "roles/api/image_json.h"
#include "roles/api/live_feed.h"
#include "roles/api/rate_limit.h"

namespace pixgate::roles {

struct ApiPorts {
    Catalog& catalog;
    DeadLetters& dead_letters;
    IssueUpload& issue_upload;
    DeleteImage& delete_image;
    UploadSigner& signer;
    const EdgeSigner& edge_signer;
    Authenticator& authenticator;
    LiveFeed& feed;
    const Clock& clock;
    Metrics& metrics;
    // Whether this process can do its work now; the message is for the log, not for the answer.
    std::function<Task<Result<void>>()> is_ready;
    RemakePresets* remake_presets = nullptr;  // null: this process makes none
};

struct ApiOptions {
    std::string public_url;  // "https://pixgate.example", for signed links; empty: what Host says
    std::string
        store_url;  // where pages send bytes to: goes into the page's content security policy
    std::vector<std::string> cors_allowed_origins;
    Rate client_rate{50, 200};
    Rate server_rate{1'000, 2'000};
    std::uint32_t max_open_uploads_per_client = 1'000;
    std::uint32_t max_open_uploads_per_server = 5'000;
    std::uint32_t max_event_streams = 2'000;
    std::uint32_t max_event_streams_per_caller = 100;
    std::chrono::seconds signed_url_lifetime{3'600};
    Openness openness;  // what clients may sign, and server keys
    Presets presets;
    bool is_sandbox_tight = true;  // /readyz says so where it is not
    std::chrono::milliseconds heartbeat{15'000};
    std::chrono::milliseconds linger{1'000};  // of a single image's stream after its final state
    std::chrono::seconds max_stream_age{900
    };  // then the client comes back, with his credential checked anew
};

// Who may call a route.
enum class Access : std::uint8_t {
    kEveryone,  // no credential is looked at
    kCallers,   // any role
    kAdmin,
    kAdminOrLoopback,  // a credential, if there is one, must be an admin's
};

class Api;

struct ApiCall {
    http::Request& request;
    Caller caller;  // of kCallers and kAdmin
};
using ApiHandler = Task<Result<http::Response>> (Api::*)(ApiCall&);

struct ApiRoute {
    std::string_view method;
    std::string_view pattern;
    Access access = Access::kAdmin;
    ApiHandler handler = nullptr;
};

class Api {
public:
    Api(ApiPorts ports, ApiOptions options);
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    // All routes but the files of the page, which follow web_assets().
    static std::span<const ApiRoute> routes();

    // Routes, CORS, security headers and the answers for unknown paths. The Api must outlive the
    // router's use.
    void register_on(http::Router& router);
    // Only /healthz, /readyz and /metrics, for a process without the role api.
    void register_probes_on(http::Router& router);
    // Ends event streams, so that a server that stops need not wait for them.
    void stop() { ports_.feed.stop(); }

private:
    Task<http::Response> answer(const ApiRoute& route, http::Request& request);
    Task<Result<Caller>> admit(const ApiRoute& route, const http::Request& request);
    ImageUrls urls(const http::Request& request) const;
    // Where the edge is reached: the public URL, or what the caller calls us.
    std::string base_url(const http::Request& request) const;
    // The image, where it is there and the caller may see it; else kNotFound.
    Task<Result<Image>> visible_image(ApiCall& call);
    // Whose images a query is about; absent: all.
    static Result<std::optional<std::string>> owner_of_query(const ApiCall& call);

    Task<Result<http::Response>> create_upload(ApiCall& call);
    Task<Result<http::Response>> get_image(ApiCall& call);
    Task<Result<http::Response>> list_images(ApiCall& call);
    Task<Result<http::Response>> remove_image(ApiCall& call);
    Task<Result<http::Response>> show_placeholder(ApiCall& call);
    Task<Result<http::Response>> make_links(ApiCall& call);
    Task<Result<http::Response>> remake_presets(ApiCall& call);
    Task<Result<http::Response>> image_events(ApiCall& call);
    Task<Result<http::Response>> all_events(ApiCall& call);
    Task<Result<http::Response>> list_dead_letters(ApiCall& call);
    Task<Result<http::Response>> redrive_dead_letter(ApiCall& call);
    Task<Result<http::Response>> drop_dead_letter(ApiCall& call);
    Task<Result<http::Response>> health(ApiCall& call);
    Task<Result<http::Response>> ready(ApiCall& call);
    Task<Result<http::Response>> metrics(ApiCall& call);
    Task<Result<http::Response>> openapi(ApiCall& call);

    void add_route(http::Router& router, const ApiRoute& route);
    void register_pages(http::Router& router);
    void register_cors(http::Router& router);

    ApiPorts ports_;
    ApiOptions options_;
    RateLimiter limiter_;
    StreamSlots streams_;
    Counter& refused_;
};

http::Response json_response(unsigned status, std::string json);
// The whole body of a JSON request. kUnsupportedMedia for other types, kTooLarge over 64 KiB.
Task<Result<std::string>> read_json_body(http::Request& request);
// A query parameter that is a whole number; kInvalidArgument (reason: its name) out of range.
Result<std::size_t> number_of_query(
    const http::Request& request, std::string_view name, std::size_t fallback, std::size_t max
);
// Text of docs/api/openapi.yaml, from the build.
std::string_view openapi_yaml();

}  // namespace pixgate::roles
