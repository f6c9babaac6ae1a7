#include "adapters/http_purge/http_purge.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "http/client.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxImages = 50;
constexpr std::size_t kMaxAnswerBytes = 64 * 1024;
constexpr auto kMaxRetryAfter = 3600s;

std::string filled(std::string text, const ImageId& id) {
    constexpr std::string_view kMark = "{id}";
    for (auto at = text.find(kMark); at != text.npos; at = text.find(kMark, at)) {
        text.replace(at, kMark.size(), id.value);
        at += id.value.size();
    }
    return text;
}

bool is_token(std::string_view text) {
    return !text.empty() && text.find_first_not_of(
                                "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            ) == text.npos;
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127; });
}

// Whole seconds; a date is taken as a minute.
std::chrono::seconds retry_after_of(const http::ClientResponse& answer) {
    const auto text = trim(answer.get("Retry-After"));
    std::int64_t seconds = 60;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::clamp<std::chrono::seconds>(std::chrono::seconds{seconds}, 1s, kMaxRetryAfter);
}

class HttpPurge : public PurgeTarget {
public:
    explicit HttpPurge(HttpPurgeConfig config) : config_(std::move(config)) {}

    Task<Result<void>> purge(const PurgeBatch& batch, std::chrono::seconds& retry_after_out)
        override {
        for (const auto& id : batch.images) {
            for (const auto& url : config_.urls) {
                CO_CHECK(co_await call(url, id, retry_after_out));
            }
        }
        co_return Result<void>{};
    }
    std::size_t max_images() const override { return kMaxImages; }
    std::string_view name() const override { return "http"; }

private:
    Task<Result<void>> call(
        const std::string& url, const ImageId& id, std::chrono::seconds& retry_after_out
    ) {
        http::ClientRequest request;
        request.method = config_.method;
        request.url = filled(url, id);
        for (const auto& line : config_.headers) {
            const auto colon = line.find(':');
            request.fields.emplace_back(
                line.substr(0, colon), filled(std::string(trim(line.substr(colon + 1))), id)
            );
        }
        request.max_response_bytes = kMaxAnswerBytes;
        const auto answer = co_await http::fetch(std::move(request));
        // Not the client's message: it may name the URL, which may hold a secret.
        if (!answer) {
            co_return fail(
                Errc::kUnavailable, fmt::format("purge by HTTP: {}", name_of(answer.error().code))
            );
        }
        // Nothing of it was kept there.
        if (answer->status / 100 == 2 || answer->status == 404 || answer->status == 410)
            co_return Result<void>{};
        const auto message = fmt::format("purge by HTTP was answered {}", answer->status);
        if (answer->status == 429 || answer->status == 503) {
            retry_after_out = retry_after_of(*answer);
            co_return fail(Errc::kOverloaded, message);
        }
        if (answer->status == 401 || answer->status == 403)
            co_return fail(Errc::kPermissionDenied, message);
        if (answer->status / 100 == 4) co_return fail(Errc::kInvalidArgument, message);
        co_return fail(Errc::kUnavailable, message);
    }

    HttpPurgeConfig config_;
};

}  // namespace

Result<std::unique_ptr<PurgeTarget>> make_http_purge(HttpPurgeConfig config) {
    for (const auto& url : config.urls) {
        const bool is_http = url.starts_with("http://") || url.starts_with("https://");
        if (!is_http || url.find("{id}") == url.npos || url.find(' ') != url.npos ||
            !is_printable(url)) {
            return fail(
                Errc::kInvalidArgument, "URLs begin with http:// or https:// and hold {id}", "urls"
            );
        }
    }
    if (!is_token(config.method)) return fail(Errc::kInvalidArgument, "not a method", "method");
    for (const auto& line : config.headers) {
        if (!is_token(std::string_view(line).substr(0, line.find(':'))) || !is_printable(line) ||
            line.find(':') == line.npos) {
            return fail(Errc::kInvalidArgument, "headers are \"Name: value\"", "headers");
        }
    }
    return std::make_unique<HttpPurge>(std::move(config));
}

}  // namespace pixgate
