#include "flow/tell_alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/backoff.h"
#include "base/failpoint.h"
#include "base/log.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

constexpr auto kIdle = 500ms;               // between looks at an empty log
constexpr std::size_t kMaxAlerts = 10'000;  // of one digest; memory is bounded, counts stay exact
constexpr auto kFirstBackoff = 1s;
constexpr auto kMaxBackoff = 5min;
constexpr auto kMaxRetryAfter = 1h;  // a channel that asks for more is asked again all the same
constexpr auto kOffReminder = 1h;

}  // namespace

TellAlerts::TellAlerts(
    AlertLog& log, AlertChannel& channel, const Clock& clock, std::chrono::seconds interval
)
    : log_(log), channel_(channel), clock_(clock), interval_(interval) {}

Task<Result<std::vector<Alert>>> TellAlerts::unsaid() {
    CO_TRY(auto alerts, co_await log_.pending(kMaxAlerts));
    if (alerts.empty() || alerts.front().seq > said_up_to_) co_return alerts;
    // Said before, but marking failed then: only the mark is made again.
    CO_CHECK(co_await log_.mark_said(said_up_to_));
    std::erase_if(alerts, [this](const Alert& alert) { return alert.seq <= said_up_to_; });
    co_return alerts;
}

Task<Result<std::chrono::milliseconds>> TellAlerts::run() {
    const auto now = clock_.steady();
    if (now < next_post_) {
        co_return std::chrono::ceil<std::chrono::milliseconds>(next_post_ - now);
    }
    CO_TRY(const auto alerts, co_await unsaid());
    if (alerts.empty()) co_return kIdle;
    if (is_off_) {
        log::error(
            "alerts cannot be said, their channel is off",
            {{"channel", channel_.name()}, {"waiting", alerts.size()}}
        );
        next_post_ = now + kOffReminder;
        co_return kOffReminder;
    }

    const auto digest = make_digest(alerts);
    std::chrono::seconds retry_after{0};
    const auto posted = co_await channel_.post(digest, retry_after);
    if (!posted) {
        const auto wait = after_failure(posted.error(), retry_after);
        next_post_ = now + wait;
        co_return wait;
    }
    failures_ = 0;
    next_post_ = now + interval_;
    said_up_to_ = alerts.back().seq;
    CO_CHECK(failpoint::check("dlq.notify_sent_before_mark"));
    CO_CHECK(co_await log_.mark_said(said_up_to_));
    co_return interval_;
}

std::chrono::milliseconds TellAlerts::after_failure(
    const Error& error, std::chrono::seconds retry_after
) {
    if (error.code == Errc::kInvalidArgument || error.code == Errc::kPermissionDenied) {
        is_off_ = true;
        log::failure(
            log::Level::kError, "alert channel refuses for good and is turned off", error,
            {{"channel", channel_.name()}}
        );
        return kOffReminder;
    }
    ++failures_;
    log::failure(
        log::Level::kWarning, "alerts not said, tried again later", error,
        {{"channel", channel_.name()}, {"failures", failures_}}
    );
    const std::chrono::milliseconds asked =
        std::min<std::chrono::seconds>(retry_after, kMaxRetryAfter);
    return std::max(backoff_after(failures_, kFirstBackoff, kMaxBackoff), asked);
}

AlertDigest make_digest(const std::vector<Alert>& alerts) {
    AlertDigest digest;
    if (alerts.empty()) return digest;
    digest.id = fmt::format("alerts-{}-{}", alerts.front().seq, alerts.back().seq);
    digest.total = alerts.size();
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> places;
    for (const auto& alert : alerts) {
        const auto [place, is_new] =
            places.try_emplace({alert.kind, alert.cause}, digest.groups.size());
        if (is_new) {
            digest.groups.push_back(
                {.kind = alert.kind,
                 .cause = alert.cause,
                 .example = alert.text,
                 .count = 0,
                 .first_at = alert.at,
                 .last_at = alert.at}
            );
        }
        auto& group = digest.groups[place->second];
        ++group.count;
        group.first_at = std::min(group.first_at, alert.at);
        group.last_at = std::max(group.last_at, alert.at);
    }
    return digest;
}

}  // namespace pixgate
