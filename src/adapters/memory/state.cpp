#include "adapters/memory/state.h"

namespace pixgate::memory {

void State::add_event(std::string json) {
    events[++last_event] = EventRow{
        .json = std::move(json), .due = clock.steady(), .created_at = clock.now(), .last_error = {}
    };
    events_changed.notify();
}

void State::add_message(std::string_view queue, std::string body) {
    messages[++last_message] = MessageRow{
        .queue = std::string(queue),
        .body = std::move(body),
        .token = {},
        .visible_at = clock.steady(),
        .sent_at = clock.now()
    };
    messages_changed.notify();
}

void State::raise(Alert alert) {
    alert.seq = ++last_alert;
    alerts.push_back(std::move(alert));
}

void State::bury(DeadLetter letter) {
    const std::string source = letter.source == DeadLetterSource::kEvent ? "event" : "message";
    raise({
        .kind = "dead_letter",
        .cause = source + " " + letter.reason,
        .text = letter.last_error,
        .image_id = {},
        .at = clock.now(),
    });
    letter.id = std::to_string(++last_dead_letter);
    letter.died_at = clock.now();
    dead_letters[last_dead_letter] = std::move(letter);
}

Adapters make_adapters(Config config, const Clock& clock) {
    const auto state = std::make_shared<State>(config, clock);
    return {
        .store = make_object_store(state),
        .buckets = make_buckets(state),
        .events = make_event_source(state),
        .queue = make_queue(state, kVerdictQueue),
        .preset_queue = make_queue(state, kPresetQueue),
        .dead_letters = make_dead_letters(state),
        .catalog = make_catalog(state),
        .alerts = make_alert_log(state),
        .leases = make_leases(clock),
        .purges = make_purge_outbox(),
    };
}

}  // namespace pixgate::memory
