// Places for heavy work and one bounded line before them. Who waits is served in turns of clients,
// in each client's own order; when the line is full, whoever has most in it makes room for who has
// less, so that one client cannot fill it. Safe from any thread. Used by flow/deliver_image.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/task.h"

namespace pixgate {

class FairLine {
public:
    FairLine(std::size_t places, std::size_t max_waiting)
        : places_(places), free_(places), max_waiting_(max_waiting) {}
    FairLine(const FairLine&) = delete;
    FairLine& operator=(const FairLine&) = delete;

    // Held while the work runs, and given back also where it throws.
    class Place {
    public:
        explicit Place(FairLine* line) : line_(line) {}
        Place(Place&& other) noexcept : line_(std::exchange(other.line_, nullptr)) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (line_ != nullptr) line_->leave();
        }

    private:
        FairLine* line_;
    };

    // errors  kOverloaded, reason "transform_queue_full" (at once, or when it had to make room) or
    //         "transform_queue_slow" (no place within `limit`)
    Task<Result<Place>> enter(std::string client, std::chrono::milliseconds limit);

    std::size_t waiting() const;
    std::size_t places() const { return places_; }

private:
    struct Ticket {
        Signal signal;
        std::uint64_t seen = signal.version();
        bool has_turn = false;
        bool had_to_go = false;
    };
    using TicketPtr = std::shared_ptr<Ticket>;

    void leave();
    bool make_room_for(const std::string& client);
    void add(const std::string& client, TicketPtr ticket);
    void remove(const std::string& client, const TicketPtr& ticket);

    mutable std::mutex mutex_;
    std::size_t places_;
    std::size_t free_;
    std::size_t max_waiting_;
    std::size_t waiting_ = 0;
    std::map<std::string, std::deque<TicketPtr>> lines_;  // none is empty
    std::deque<std::string> turns_;                       // the clients of lines_, next one first
};

}  // namespace pixgate
