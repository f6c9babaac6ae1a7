#include "main/commands/api_client.h"

#include "core/image.h"
#include "http/client.h"
#include "main/secrets.h"

namespace pixgate {

namespace {

std::string variable(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

// Problem details in a few words: "size_bytes: at most 26214400 bytes (too_large)".
Error error_of(const http::ClientResponse& answer) {
    boost::system::error_code ignored;
    const auto parsed = boost::json::parse(answer.body, ignored);
    const bool is_retryable = answer.status >= 500 || answer.status == 429;
    Error error{is_retryable ? Errc::kUnavailable : Errc::kInvalidArgument, "", ""};
    if (ignored || !parsed.is_object()) {
        error.message = "the server answered " + std::to_string(answer.status);
        return error;
    }
    const auto& problem = parsed.get_object();
    const std::string field = text_of(problem, "field");
    error.reason = text_of(problem, "code");
    error.message = (field.empty() ? "" : field + ": ") + text_of(problem, "detail") + " (" +
                    error.reason + ")";
    return error;
}

bool is_final_state(const boost::json::object& image) {
    const auto state = parse_image_state(text_of(image, "state"));
    return state && is_final(*state);
}

// The last whole "data: …" line of an event stream so far.
std::optional<boost::json::object> last_image(std::string_view text) {
    const auto end = text.rfind("\n\n");
    if (end == text.npos) return std::nullopt;
    const auto start = text.substr(0, end).rfind("\ndata: ");
    if (start == text.npos) return std::nullopt;
    const auto line = text.substr(start + 7, end - start - 7);
    boost::system::error_code ignored;
    const auto parsed = boost::json::parse(line.substr(0, line.find('\n')), ignored);
    if (ignored || !parsed.is_object()) return std::nullopt;
    return parsed.get_object();
}

}  // namespace

std::string text_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<ApiClient> ApiClient::find(const RemoteFlags& flags) {
    const auto& environment = flags.sources.environment;
    std::string endpoint =
        flags.endpoint.empty() ? variable(environment, "PIXGATE_URL") : flags.endpoint;
    std::string key = flags.key.empty() ? variable(environment, "PIXGATE_KEY") : flags.key;
    if (endpoint.empty() || key.empty()) {
        const LoadedConfig loaded = load_config(flags.sources);
        const Config& config = loaded.config;
        if (endpoint.empty()) {
            endpoint = config.api.public_url.empty() ? "http://" + config.api.listen
                                                     : config.api.public_url;
        }
        if (key.empty()) {
            auto secrets = load_secrets(config.data_dir);
            if (!secrets) {
                return fail(
                    Errc::kInvalidArgument,
                    "no key: give --key or PIXGATE_KEY, or --data-dir of a server on this "
                    "machine (" +
                        secrets.error().message + ")"
                );
            }
            key = secrets->admin_key;
        }
    }
    while (endpoint.ends_with('/')) endpoint.pop_back();
    return ApiClient(std::move(endpoint), std::move(key));
}

Task<Result<boost::json::value>> ApiClient::call(
    std::string method,
    std::string path,
    std::string body,
    std::vector<std::pair<std::string, std::string>> headers
) const {
    http::ClientRequest request;
    request.method = std::move(method);
    request.url = endpoint_ + path;
    request.fields = std::move(headers);
    request.fields.emplace_back("Authorization", "Bearer " + key_);
    if (!body.empty()) request.fields.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    request.max_response_bytes = 16 << 20;
    // A call may decode a large picture before it answers.
    request.timeout = std::chrono::seconds(60);
    auto answer = co_await http::fetch(std::move(request));
    if (!answer) {
        answer.error().message = endpoint_ + ": " + answer.error().message;
        co_return std::unexpected(std::move(answer).error());
    }
    if (answer->status < 200 || answer->status >= 300) co_return std::unexpected(error_of(*answer));
    if (answer->body.empty()) co_return boost::json::value();
    boost::system::error_code error;
    auto parsed = boost::json::parse(answer->body, error);
    if (error) co_return fail(Errc::kCorrupt, endpoint_ + " does not answer as Pixgate does");
    co_return parsed;
}

Task<Result<boost::json::object>> ApiClient::wait_until_final(std::string image_id) const {
    constexpr int kTries = 100;
    for (int i = 0; i < kTries; ++i) {
        std::string text;
        std::optional<boost::json::object> image;
        http::ClientRequest request;
        request.url = endpoint_ + "/v1/images/" + image_id + "/events";
        request.fields = {{"Authorization", "Bearer " + key_}, {"Accept", "text/event-stream"}};
        request.timeout = std::chrono::seconds(60);
        const std::function<bool(std::string_view)> on_piece = [&](std::string_view piece) {
            text += piece;
            if (auto found = last_image(text)) {
                image = std::move(found);
                text.clear();
            }
            return !image || !is_final_state(*image);
        };
        auto followed = co_await http::fetch_stream(std::move(request), on_piece);
        if (image && is_final_state(*image)) co_return *std::move(image);
        if (followed && *followed >= 400 && *followed < 500 && *followed != 429) {
            co_return fail(Errc::kNotFound, "the image is gone");
        }
        // The stream ended early or could not be had: ask, then follow again.
        auto asked = co_await call("GET", "/v1/images/" + image_id);
        if (asked && asked->is_object() && is_final_state(asked->get_object()))
            co_return asked->get_object();
        co_await sleep_for(std::chrono::milliseconds(500));
    }
    co_return fail(Errc::kDeadlineExceeded, "the image did not become ready in time");
}

}  // namespace pixgate
