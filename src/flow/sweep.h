// Housekeeping, run every few seconds by roles/sweeper: permissions never used expire, images
// between states past their deadline raise an alert, objects whose event never came are found.
#pragma once

#include "flow/delete_image.h"
#include "ports/alerts.h"
#include "ports/event_source.h"

namespace pixgate {

struct Sweep {
    Catalog& catalog;
    ObjectStore& store;
    EventSource& events;
    AlertLog& alerts;
    DeleteImage& deletion;
    const Clock& clock;
    std::chrono::seconds grace{60};  // after expires_at: an upload begun in time may finish
    std::chrono::seconds stored_deadline{120};  // stored, but no verdict: alert

    struct Report {
        std::uint64_t expired = 0;
        std::uint64_t stuck = 0;     // alerts raised (once per image and state)
        std::uint64_t replayed = 0;  // events made anew for objects without one
    };
    Task<Result<Report>> run();
};

}  // namespace pixgate
