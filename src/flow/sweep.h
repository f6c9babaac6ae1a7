// Housekeeping, run every few seconds by roles/sweeper: permissions never used expire, images
// between states past their deadline raise an alert, objects whose event never came are found, and
// objects that belong to deleted images or to versions that were replaced go. Runs in one coroutine
// at a time.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flow/delete_image.h"
#include "ports/alerts.h"
#include "ports/event_source.h"

namespace pixgate {

class Sweep {
public:
    struct Config {
        // After expires_at: an upload begun in time may finish. And of a variant that nobody names.
        std::chrono::seconds grace{60};
        std::chrono::seconds stored_deadline{120};  // object there, but no verdict: alert
        std::chrono::seconds lost_after{30};        // object there, no event in line: made anew
        std::chrono::seconds look_every{15};    // for lost events of images that may still be sent
        std::chrono::minutes backlog_age{15};   // of the oldest event: alert
        std::uint64_t backlog_count = 100'000;  // events in line: alert
        std::uint32_t walk_keys = 100;  // objects held against the catalog in each run, in turn
        std::size_t max_remembered = 10'000;  // images and objects alerted or replayed
    };
    struct Ports {
        Catalog& catalog;
        ObjectStore& store;
        EventSource& events;
        AlertLog& alerts;
        DeleteImage& deletion;
        const Clock& clock;
        std::function<std::string(const StorageEvent&)> to_json;  // a notification with one record
    };
    Sweep(Ports ports, Config config) : ports_(std::move(ports)), config_(config) {}

    struct Report {
        std::uint64_t expired = 0;
        std::uint64_t stuck = 0;     // alerts raised (once per image and state)
        std::uint64_t replayed = 0;  // events made anew for objects without one
        std::uint64_t removed = 0;   // images and thumbnails whose orphaned objects went, images
                                     // whose variants of earlier versions did
    };
    // One round. Objects of images that the catalog never knew are only logged: with a wrong or
    // empty catalog nothing must go.
    //   errors  kUnavailable …: what is left is done in the next round
    Task<Result<Report>> run();

private:
    struct Known {
        std::uint32_t replays = 0;
        std::chrono::steady_clock::time_point next_replay{};
        bool is_alerted_pending = false;
        bool is_alerted_stored = false;
    };

    Task<Result<void>> check_backlog();
    Task<Result<void>> expire_unused(Report& report);
    Task<Result<void>> expire(const Image& image, Report& report);
    Task<Result<void>> find_lost(Report& report);
    Task<Result<void>> find_stuck(Report& report);
    // nullopt: the store has no such object.
    Task<Result<std::optional<ObjectInfo>>> original_of(const Image& image);
    Task<Result<void>> object_without_verdict(
        const Image& image, const ObjectInfo& object, Report& report
    );
    Task<Result<void>> replay(const ObjectInfo& object, Report& report);
    Task<Result<void>> alert_once(const Image& image, TimePoint since, Report& report);
    Task<Result<void>> walk(Report& report);
    Task<Result<void>> hold_against_catalog(
        const ImageId& id, const std::vector<ObjectInfo>& objects, Report& report
    );
    Task<Result<void>> clear_variants(
        const Image& image, std::vector<ObjectInfo> objects, Report& report
    );
    Task<Result<void>> check_thumbnail(
        const Image& image, const ObjectInfo& object, Report& report
    );
    bool may_be_in_line(const ObjectInfo& object) const;
    Known& known(const std::string& name);

    Ports ports_;
    Config config_;
    Backlog backlog_;
    std::map<std::string, Known> known_;
    std::deque<std::string> known_order_;  // oldest first
    std::chrono::steady_clock::time_point next_look_{};
    std::chrono::steady_clock::time_point next_backlog_alert_{};
    bool walks_variants_ = false;
    std::string walk_after_;
};

}  // namespace pixgate
