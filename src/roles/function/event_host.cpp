#include "roles/function/event_host.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/s3_event_json.h"
#include "base/backoff.h"
#include "base/log.h"
#include "core/image.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

constexpr auto kLeaseMargin = 30s;  // a lease ends after the run's deadline, never before
constexpr auto kMeasureEvery = 5s;
constexpr std::size_t kMaxRemembered = 100'000;  // environment failures, by event

bool is_environment(Errc code) {
    return code == Errc::kUnavailable || code == Errc::kOverloaded || code == Errc::kNoSpace ||
           code == Errc::kReadOnly;
}

}  // namespace

EventHost::EventHost(Ports ports, Function function, Config config)
    : ports_(ports),
      function_(std::move(function)),
      config_(std::move(config)),
      done_(ports.metrics.counter(
          "pixgate_function_runs_total", "Runs of the function by result", {{"result", "ok"}}
      )),
      failed_(ports.metrics.counter(
          "pixgate_function_runs_total", "Runs of the function by result", {{"result", "failed"}}
      )),
      given_up_(ports.metrics.counter(
          "pixgate_function_given_up_total", "Events sent to the dead letters"
      )),
      duration_(ports.metrics.seconds("pixgate_function_seconds", "Duration of a run")),
      backlog_count_(ports.metrics.gauge("pixgate_events_backlog", "Events not done yet")),
      backlog_age_(ports.metrics.gauge(
          "pixgate_events_oldest_seconds", "Age of the oldest event not done yet"
      )) {}

Task<void> EventHost::run() {
    std::uint32_t failures = 0;
    const auto lease = config_.run_deadline + kLeaseMargin;
    while (!stop_.is_set()) {
        co_await measure_backlog();
        const std::size_t free =
            config_.concurrency - std::min(runs_.running(), config_.concurrency);
        if (free == 0) {
            co_await runs_.wait_below(config_.concurrency, config_.poll_wait);
            continue;
        }
        // The poll is short while runs are under way, so that a slot that becomes free is used.
        auto events = co_await ports_.events.next(free, config_.poll_wait, lease);
        if (!events) {
            const auto wait = backoff_after(++failures, 100ms, 30s);
            log::failure(log::Level::kError, "no events can be taken", events.error());
            co_await stop_.sleep(wait);
            continue;
        }
        failures = 0;
        for (auto& event : *events) {
            in_flight_.insert(event.id);
            co_await runs_.start("function", run_event(std::move(event)));
        }
    }
    co_await drain();
}

Task<void> EventHost::drain() {
    if (!co_await runs_.wait_below(1, config_.stop_grace)) {
        runs_.cancel();
        // A call that blocks in a pool is not interrupted; its own bound ends it.
        co_await runs_.wait_below(1, config_.run_deadline);
    }
    for (const auto id : in_flight_) {
        const auto released = co_await ports_.events.retry(id, ports_.clock.now(), "host stopped");
        if (!released) log::failure(log::Level::kWarning, "event not released", released.error());
    }
    in_flight_.clear();
}

Task<void> EventHost::run_event(PendingEvent event) {
    const auto begun = ports_.clock.steady();
    auto records = aws::parse_s3_event(event.json);
    if (!records) {
        const Error error = records.error();
        log::failure(log::Level::kError, "unreadable event", error, {{"event_id", event.id}});
        const auto gone = co_await give_up(event, {}, "unreadable", error);
        if (!gone) log::failure(log::Level::kError, "dead letter not written", gone.error());
        in_flight_.erase(event.id);
        co_return;
    }
    auto all = run_records(*records);
    const auto outcome = co_await with_deadline(std::move(all), config_.run_deadline);
    duration_.observe(std::chrono::duration<double>(ports_.clock.steady() - begun).count());
    co_await settle(event, *records, outcome);
    in_flight_.erase(event.id);
}

Task<Result<void>> EventHost::run_records(const std::vector<StorageEvent>& records) {
    Result<void> worst;
    for (const auto& record : records) {
        auto outcome = co_await run_record(record);
        if (outcome) continue;
        log::failure(
            log::Level::kWarning, "function failed", outcome.error(), {{"object", record.key}}
        );
        // A failure of the function outweighs one of the environment: it uses up a try.
        if (worst || (is_environment(worst.error().code) && !is_environment(outcome.error().code)))
            worst = std::move(outcome);
    }
    co_return worst;
}

Task<Result<void>> EventHost::run_record(const StorageEvent& record) {
    std::string what;
    try {
        co_return co_await function_(record);
    } catch (const std::exception& e) {
        what = e.what();
    }
    co_return fail(Errc::kInternal, "function threw: " + what);
}

Task<void> EventHost::settle(
    const PendingEvent& event, const std::vector<StorageEvent>& records, const Result<void>& outcome
) {
    // What cannot be written here is left to the lease: the event comes again.
    Result<void> written;
    if (outcome) {
        done_.add();
        written = co_await ports_.events.done(event.id);
        environment_failures_.erase(event.id);
    } else {
        failed_.add();
        const Error& error = outcome.error();
        const auto known = environment_failures_.find(event.id);
        const auto excused = known == environment_failures_.end() ? 0 : known->second;
        const auto tries = event.attempt - std::min(excused, event.attempt);
        if (ports_.clock.now() - event.created_at > config_.max_event_age) {
            written = co_await give_up(event, records, "event_age_exceeded", error);
        } else if (is_environment(error.code) || tries < config_.retry_delays.size()) {
            written = co_await try_again(event, error);
        } else {
            written = co_await give_up(event, records, "retries_exhausted", error);
        }
    }
    if (!written) {
        log::failure(
            log::Level::kError, "event not settled, it will come again", written.error(),
            {{"event_id", event.id}}
        );
    }
}

Task<Result<void>> EventHost::try_again(const PendingEvent& event, const Error& error) {
    auto& excused = environment_failures_[event.id];
    const auto tries = event.attempt - std::min(excused, event.attempt);
    std::chrono::milliseconds delay;
    if (is_environment(error.code)) {
        delay = backoff_after(++excused, 1s, 5min);
    } else {
        delay = config_.retry_delays[tries];
    }
    if (environment_failures_.size() > kMaxRemembered) environment_failures_.clear();
    const auto text = fmt::format("{}: {}", name_of(error.code), error.message);
    co_return co_await ports_.events.retry(event.id, ports_.clock.now() + delay, text);
}

Task<Result<void>> EventHost::give_up(
    const PendingEvent& event,
    const std::vector<StorageEvent>& records,
    std::string reason,
    const Error& error
) {
    // The images first: where the process dies in between, the event comes again, and a failed
    // image may still become ready. No event in the change: a redrive must have its effect.
    for (const auto& record : records) {
        const auto key = parse_object_key(record.key);
        if (!record.is_created() || !key || !key->thumbnail.empty()) continue;
        Change change;
        change.id = key->id;
        change.to = ImageState::kFailed;
        change.reason = "processing_failed";
        change.at = ports_.clock.now();
        const auto applied = co_await ports_.catalog.apply(std::move(change));
        if (!applied && applied.error().code != Errc::kNotFound) {
            co_return std::unexpected(applied.error());
        }
    }
    const auto text = fmt::format("{}: {}", name_of(error.code), error.message);
    CO_CHECK(co_await ports_.events.give_up(event.id, std::move(reason), text));
    given_up_.add();
    environment_failures_.erase(event.id);
    co_return Result<void>{};
}

Task<void> EventHost::measure_backlog() {
    const auto now = ports_.clock.steady();
    if (now < next_measure_) co_return;
    next_measure_ = now + kMeasureEvery;
    const auto backlog = co_await ports_.events.backlog();
    if (!backlog) co_return;
    backlog_count_.set(static_cast<double>(backlog->count));
    const std::chrono::duration<double> age = ports_.clock.now() - backlog->oldest;
    backlog_age_.set(backlog->count == 0 ? 0 : age.count());
}

}  // namespace pixgate
