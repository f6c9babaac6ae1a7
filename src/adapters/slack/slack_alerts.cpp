#include "adapters/slack/slack_alerts.h"

#include <fmt/format.h>

#include <charconv>

#include "adapters/slack/slack_message.h"
#include "base/encoding.h"
#include "http/client.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxAnswerBytes = 64 * 1024;
constexpr std::size_t kMaxShownAnswer = 100;
constexpr auto kMaxRetryAfter = 3600s;

// Slack sends whole seconds.
std::chrono::seconds retry_after_of(const http::ClientResponse& response) {
    const auto text = trim(response.get("Retry-After"));
    std::int64_t seconds = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (ec != std::errc{} || end != text.data() + text.size() || seconds < 0) return 1s;
    return std::min<std::chrono::seconds>(std::chrono::seconds{seconds}, kMaxRetryAfter);
}

// Slack's own error words, such as "no_service". Anything else came from something in between,
// whose page may show the URL, which is a secret.
std::string_view shown_answer(std::string_view body) {
    const bool is_word = !body.empty() && body.size() <= kMaxShownAnswer &&
                         body.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == body.npos;
    return is_word ? body : "(not an answer of Slack)";
}

class SlackAlerts : public AlertChannel {
public:
    explicit SlackAlerts(SlackConfig config) : config_(std::move(config)) {}

    Task<Result<void>> post(const AlertDigest& digest, std::chrono::seconds& retry_after_out)
        override {
        auto json = slack::message_json(digest, config_.source);
        auto sent = co_await send(std::move(json), retry_after_out);
        if (sent || sent.error().code != Errc::kInvalidArgument) co_return sent;
        // Slack does not take our blocks: the counts must be heard all the same.
        auto plain = slack::plain_json(digest, config_.source);
        co_return co_await send(std::move(plain), retry_after_out);
    }
    std::string_view name() const override { return "slack"; }

private:
    Task<Result<void>> send(std::string json, std::chrono::seconds& retry_after_out) {
        http::ClientRequest request;
        request.method = "POST";
        request.url = config_.url;
        request.fields = {{"Content-Type", "application/json; charset=utf-8"}};
        request.body = std::move(json);
        request.max_response_bytes = kMaxAnswerBytes;
        const auto answered = co_await http::fetch(std::move(request));
        if (!answered) {
            // Not the client's message: it may name the URL.
            co_return fail(
                Errc::kUnavailable, fmt::format("slack: {}", name_of(answered.error().code))
            );
        }
        co_return classify(*answered, retry_after_out);
    }

    static Result<void> classify(
        const http::ClientResponse& answer, std::chrono::seconds& retry_after_out
    ) {
        const auto body = trim(std::string_view(answer.body));
        if (answer.status == 200 && body == "ok") return {};
        const auto message = fmt::format("slack answered {} {}", answer.status, shown_answer(body));
        switch (answer.status) {
            case 400:
                return fail(Errc::kInvalidArgument, message);
            case 403:
            case 404:
            case 410:
                return fail(Errc::kPermissionDenied, message);
            case 429:
                retry_after_out = retry_after_of(answer);
                return fail(Errc::kOverloaded, message);
            default:
                return fail(Errc::kUnavailable, message);
        }
    }

    SlackConfig config_;
};

}  // namespace

Result<std::unique_ptr<AlertChannel>> make_slack_alerts(SlackConfig config) {
    const std::string_view url = config.url;
    const bool is_local = url.starts_with("http://127.0.0.1:") ||
                          url.starts_with("http://[::1]:") || url.starts_with("http://localhost:");
    if (!url.starts_with("https://") && !is_local) {
        return fail(Errc::kInvalidArgument, "the webhook's URL must begin with https://", "url");
    }
    return std::make_unique<SlackAlerts>(std::move(config));
}

}  // namespace pixgate
