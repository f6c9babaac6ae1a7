#include "roles/worker/preset_maker.h"

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/log.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

bool is_environment(Errc code) {
    return code == Errc::kUnavailable || code == Errc::kOverloaded || code == Errc::kNoSpace ||
           code == Errc::kReadOnly;
}

void log_unsettled(std::string_view what, const Result<void>& result, const std::string& id) {
    if (result) return;
    log::failure(log::Level::kWarning, what, result.error(), {{"message_id", id}});
}

}  // namespace

PresetMaker::PresetMaker(Ports ports, Config config) : ports_(ports), config_(config) {
    for (const char* result : {"done", "gone", "retry", "buried"})
        counters_[result] = &ports.metrics.counter(
            "pixgate_presets_anew_total", "Images whose presets were made after the upload",
            {{"result", result}}
        );
}

std::chrono::milliseconds PresetMaker::visibility() const {
    return config_.deadline + 30s;
}

Task<void> PresetMaker::run() {
    TaskGroup loop;
    co_await loop.start("preset-maker", receive_loop());
    while (co_await stop_.sleep(1h)) {
    }
    if (co_await loop.wait_below(1, config_.stop_grace)) co_return;
    loop.cancel();
    co_await loop.wait_below(1, 10s);
}

Task<void> PresetMaker::receive_loop() {
    std::uint32_t failures = 0;
    while (!stop_.is_set()) {
        auto batch = co_await ports_.queue.receive(1, config_.poll_wait, visibility());
        if (!batch) {
            log::failure(log::Level::kError, "no messages can be received", batch.error());
            const auto wait = backoff_after(++failures, 100ms, 30s);
            co_await stop_.sleep(wait);
            continue;
        }
        failures = 0;
        for (auto& message : *batch) co_await handle(std::move(message));
    }
}

Task<Result<void>> PresetMaker::make(const PresetsMessage& message) {
    std::string what;
    try {
        RemakePresets::Request request;
        request.is_forced = request.is_from_original = message.is_anew;
        request.only_etag = message.etag;
        auto call = ports_.remake.run(message.image_id, std::move(request));
        CO_TRY(
            [[maybe_unused]] const auto report,
            co_await with_deadline(std::move(call), config_.deadline)
        );
        co_return Result<void>{};
    } catch (const std::exception& e) {
        what = e.what();
    }
    co_return fail(Errc::kInternal, "making presets threw: " + what);
}

Task<void> PresetMaker::handle(ReceivedMessage received) {
    const auto message = parse_presets_message(received.body);
    if (!message) {
        co_await bury(received, "unreadable", message.error());
        co_return;
    }
    for (std::uint32_t failures = 1;; ++failures) {
        const auto made = co_await make(*message);
        if (made) {
            co_await settle(received, "done");
            co_return;
        }
        if (!is_environment(made.error().code)) {
            co_await after_failure(received, made.error());
            co_return;
        }
        counters_.at("retry")->add();
        log::failure(
            log::Level::kWarning, "presets cannot be made now, the message waits", made.error(),
            {{"image_id", message->image_id.value}}
        );
        const bool goes_on = co_await stop_.sleep(backoff_after(failures, 1s, 1min));
        const auto hidden = goes_on ? visibility() : 0ms;
        const auto extended = co_await ports_.queue.extend(received.receipt, hidden);
        // Where the lease is lost, someone else has the message now.
        if (!goes_on || (!extended && extended.error().code == Errc::kNotFound)) co_return;
    }
}

Task<void> PresetMaker::settle(const ReceivedMessage& received, const char* result) {
    counters_.at(result)->add();
    const auto acknowledged = co_await ports_.queue.ack(received.receipt);
    log_unsettled("not acknowledged", acknowledged, received.id);
}

Task<void> PresetMaker::after_failure(const ReceivedMessage& received, const Error& error) {
    if (error.code == Errc::kCancelled) co_return;
    const bool is_other_image = error.reason == "not_ready" || error.reason == "replaced";
    if (error.code == Errc::kNotFound || is_other_image) {
        co_await settle(received, "gone");
        co_return;
    }
    if (received.receive_count >= config_.max_receives) {
        co_await bury(received, std::string(name_of(error.code)), error);
        co_return;
    }
    counters_.at("retry")->add();
    log::failure(log::Level::kError, "presets were not made", error, {{"message_id", received.id}});
    const auto wait = backoff_after(received.receive_count, 1s, 1min);
    const auto given_back = co_await ports_.queue.extend(received.receipt, wait);
    log_unsettled("not given back", given_back, received.id);
}

Task<void> PresetMaker::bury(
    const ReceivedMessage& received, std::string reason, const Error& error
) {
    log::failure(log::Level::kError, "message buried", error, {{"message_id", received.id}});
    auto text = fmt::format("{}: {}", name_of(error.code), error.message);
    const auto buried =
        co_await ports_.queue.bury(received.receipt, std::move(reason), std::move(text));
    log_unsettled("dead letter not written", buried, received.id);
    if (buried) counters_.at("buried")->add();
}

}  // namespace pixgate
