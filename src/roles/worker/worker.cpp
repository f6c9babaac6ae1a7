#include "roles/worker/worker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/backoff.h"
#include "base/log.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatch = 10;  // SQS's most
constexpr auto kMeasureEvery = 5s;

bool is_environment(Errc code) {
    return code == Errc::kUnavailable || code == Errc::kOverloaded ||
           code == Errc::kDeadlineExceeded || code == Errc::kNoSpace || code == Errc::kReadOnly;
}

std::string text_of(const Error& error) {
    return fmt::format("{}: {}", name_of(error.code), error.message);
}

void log_unsettled(std::string_view what, const Result<void>& result, const std::string& id) {
    if (result) return;
    log::failure(log::Level::kWarning, what, result.error(), {{"message_id", id}});
}

}  // namespace

Worker::Worker(Ports ports, Config config)
    : ports_(ports),
      config_(config),
      register_image_{ports.catalog, ports.preset_queue, ports.clock, ports.store},
      refused_thumbnails_(ports.metrics.counter(
          "pixgate_thumbnails_refused_total", "Clients' thumbnails that failed the checks"
      )),
      duration_(ports.metrics.seconds("pixgate_worker_seconds", "From receive to acknowledge")),
      since_event_(ports.metrics.seconds(
          "pixgate_stored_to_registered_seconds", "From the storage event to the catalog's row"
      )),
      backlog_count_(ports.metrics.gauge("pixgate_queue_backlog", "Messages not done yet")),
      backlog_age_(ports.metrics.gauge(
          "pixgate_queue_oldest_seconds", "Age of the oldest message not done yet"
      )) {
    for (const char* result : {"done", "duplicate", "stale", "skipped", "gone", "retry", "buried"})
        counters_[result] = &ports.metrics.counter(
            "pixgate_worker_messages_total", "Messages by result", {{"result", result}}
        );
}

void Worker::count(const std::string& result) {
    counters_.at(result)->add();
}

Task<void> Worker::run() {
    std::uint32_t failures = 0;
    while (!stop_.is_set()) {
        co_await measure_backlog();
        const std::size_t free =
            config_.concurrency - std::min(under_way_.running(), config_.concurrency);
        if (free == 0) {
            co_await under_way_.wait_below(config_.concurrency, config_.poll_wait);
            continue;
        }
        auto batch = co_await ports_.queue.receive(
            std::min(free, kBatch), config_.poll_wait, config_.visibility
        );
        if (!batch) {
            const auto wait = backoff_after(++failures, 100ms, 30s);
            log::failure(log::Level::kError, "no messages can be received", batch.error());
            co_await stop_.sleep(wait);
            continue;
        }
        failures = 0;
        for (auto& message : *batch) {
            co_await under_way_.start("worker", handle(std::move(message)));
        }
    }
    if (co_await under_way_.wait_below(1, config_.stop_grace)) co_return;
    under_way_.cancel();
    co_await under_way_.wait_below(1, config_.call_deadline);
}

Task<void> Worker::handle(ReceivedMessage received) {
    const auto begun = ports_.clock.steady();
    auto message = parse_register_message(received.body);
    if (!message) {
        co_await bury(received, nullptr, "unreadable", message.error());
        co_return;
    }
    co_await register_until_settled(std::move(received), *std::move(message));
    duration_.observe(std::chrono::duration<double>(ports_.clock.steady() - begun).count());
}

Task<Result<Applied>> Worker::register_once(const RegisterMessage& message) {
    std::string what;
    try {
        auto call = register_image_.run(message);
        co_return co_await with_deadline(std::move(call), config_.call_deadline);
    } catch (const std::exception& e) {
        what = e.what();
    }
    co_return fail(Errc::kInternal, "register threw: " + what);
}

Task<void> Worker::register_until_settled(ReceivedMessage received, RegisterMessage message) {
    for (std::uint32_t failures = 1;; ++failures) {
        const auto applied = co_await register_once(message);
        if (applied) {
            co_await after_success(received, message, *applied);
            co_return;
        }
        const Error& error = applied.error();
        if (!is_environment(error.code)) {
            co_await after_failure(received, message, error);
            co_return;
        }
        count("retry");
        log::failure(
            log::Level::kWarning, "catalog not reachable, the message waits", error,
            {{"image_id", message.image_id.value}}
        );
        const bool goes_on = co_await stop_.sleep(backoff_after(failures, 100ms, 30s));
        const auto visibility = goes_on ? config_.visibility : 0ms;
        const auto extended = co_await ports_.queue.extend(received.receipt, visibility);
        // Where the lease is lost, someone else has the message now.
        if (!extended && extended.error().code == Errc::kNotFound) co_return;
        if (!goes_on) co_return;
    }
}

Task<void> Worker::after_success(
    const ReceivedMessage& received, const RegisterMessage& message, Applied applied
) {
    log_unsettled("not acknowledged", co_await ports_.queue.ack(received.receipt), received.id);
    switch (applied) {
        case Applied::kDone:
        case Applied::kReplaced: {
            count("done");
            const std::chrono::duration<double> age = ports_.clock.now() - message.event.at;
            since_event_.observe(std::max(0.0, age.count()));
            break;
        }
        case Applied::kDuplicate:
            count("duplicate");
            break;
        case Applied::kStale:
            count("stale");
            break;
        case Applied::kSkipped:
            count("skipped");
            break;
    }
    if (!message.thumbnail.empty() && message.verdict != ImageState::kReady) {
        refused_thumbnails_.add();
    }
}

Task<void> Worker::after_failure(
    const ReceivedMessage& received, const RegisterMessage& message, const Error& error
) {
    switch (error.code) {
        case Errc::kNotFound:
        case Errc::kAlreadyExists:
            count("gone");
            log_unsettled(
                "not acknowledged", co_await ports_.queue.ack(received.receipt), received.id
            );
            co_return;
        case Errc::kCancelled:
            co_return;
        case Errc::kInternal:
        case Errc::kCrashed: {
            if (received.receive_count >= config_.max_receives) {
                co_await bury(received, &message, "too_many_receives", error);
                co_return;
            }
            count("retry");
            log::failure(
                log::Level::kError, "message failed", error, {{"message_id", received.id}}
            );
            const auto wait = backoff_after(received.receive_count, 1s, 60s);
            log_unsettled(
                "not given back", co_await ports_.queue.extend(received.receipt, wait), received.id
            );
            co_return;
        }
        default:
            co_await bury(received, &message, std::string(name_of(error.code)), error);
    }
}

Task<void> Worker::bury(
    const ReceivedMessage& received,
    const RegisterMessage* message,
    std::string reason,
    const Error& error
) {
    log::failure(log::Level::kError, "message buried", error, {{"message_id", received.id}});
    // The image first: where the process dies in between, the message comes again. No event in the
    // change: a redrive must have its effect. What an invalid message says of an image is not
    // believed; the sweep finds that image.
    const bool is_believed = message != nullptr && error.code != Errc::kInvalidArgument;
    if (is_believed && message->thumbnail.empty()) {
        Change change;
        change.id = message->image_id;
        change.to = ImageState::kFailed;
        change.reason = "processing_failed";
        change.at = ports_.clock.now();
        const auto applied = co_await ports_.catalog.apply(std::move(change));
        if (!applied && is_environment(applied.error().code)) co_return;  // it comes again
    }
    const auto buried =
        co_await ports_.queue.bury(received.receipt, std::move(reason), text_of(error));
    log_unsettled("dead letter not written", buried, received.id);
    if (buried) count("buried");
}

Task<void> Worker::measure_backlog() {
    const auto now = ports_.clock.steady();
    if (now < next_measure_) co_return;
    next_measure_ = now + kMeasureEvery;
    const auto backlog = co_await ports_.queue.backlog();
    if (!backlog) co_return;
    backlog_count_.set(static_cast<double>(backlog->count));
    const std::chrono::duration<double> age = ports_.clock.now() - backlog->oldest;
    backlog_age_.set(backlog->count == 0 ? 0 : age.count());
}

}  // namespace pixgate
