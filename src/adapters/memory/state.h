// What the memory adapters share. One mutex; nobody waits for anything while holding it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "adapters/memory/memory.h"

namespace pixgate::memory {

struct StoredObject {
    ObjectInfo info;
    std::shared_ptr<const std::string> body;
};
struct Bucket {
    BucketInfo info;
    bool raises_events = false;
    std::map<std::string, StoredObject> objects;
};

struct EventRow {
    std::string json;
    std::uint32_t failed_runs = 0;
    bool is_leased = false;
    std::chrono::steady_clock::time_point due;  // of the next run, or the end of the lease
    TimePoint created_at;
    std::string last_error;
};

struct MessageRow {
    std::string queue;
    std::string body;
    std::string token;  // of the last receive
    std::uint32_t receive_count = 0;
    std::chrono::steady_clock::time_point visible_at;
    TimePoint sent_at;
};

struct ImageRow {
    Image image;
    std::string caller_id;
    std::string request_hash;
};

struct State {
    State(Config config_in, const Clock& clock_in) : config(config_in), clock(clock_in) {}

    const Config config;
    const Clock& clock;
    std::mutex mutex;

    std::map<std::string, Bucket> buckets;
    std::uint64_t commits = 0;

    std::map<std::int64_t, EventRow> events;
    std::int64_t last_event = 0;
    Signal events_changed;

    std::map<std::int64_t, MessageRow> messages;
    std::int64_t last_message = 0;
    Signal messages_changed;

    std::map<std::int64_t, DeadLetter> dead_letters;
    std::int64_t last_dead_letter = 0;
    std::deque<Alert> alerts;
    std::int64_t last_alert = 0;

    std::map<std::string, ImageRow> images;                                 // by id
    std::map<std::pair<std::string, std::string>, std::string> idempotent;  // caller, key -> id
    std::set<std::string> ledger;                     // bucket, key, etag, sequencer
    std::map<std::string, std::string> newest_event;  // bucket and key -> sequencer
    std::deque<FeedEntry> feed;
    std::int64_t last_feed = 0;
    Signal feed_changed;

    // All of these: with `mutex` held.
    void add_event(std::string json);
    void add_message(std::string_view queue, std::string body);
    void raise(Alert alert);
    void bury(DeadLetter letter);  // gives it id and time, and raises an alert
};
using StatePtr = std::shared_ptr<State>;

inline constexpr std::size_t kMaxBodyBytes = 1 << 20;  // of an event or message
inline constexpr std::size_t kMaxFeedEntries = 100'000;

std::unique_ptr<ObjectStore> make_object_store(StatePtr state);
std::unique_ptr<Buckets> make_buckets(StatePtr state);
std::unique_ptr<EventSource> make_event_source(StatePtr state);
std::unique_ptr<Queue> make_queue(StatePtr state, std::string_view name);
std::unique_ptr<DeadLetters> make_dead_letters(StatePtr state);
std::unique_ptr<Catalog> make_catalog(StatePtr state);
std::unique_ptr<AlertLog> make_alert_log(StatePtr state);
std::unique_ptr<Leases> make_leases(const Clock& clock);
std::unique_ptr<PurgeOutbox> make_purge_outbox();

// What is left until `deadline`, for Signal::wait.
inline std::chrono::nanoseconds until(std::chrono::steady_clock::time_point deadline) {
    return deadline - std::chrono::steady_clock::now();
}

}  // namespace pixgate::memory
