#include "flow/fair_line.h"

#include <algorithm>

namespace pixgate {

namespace {

std::unexpected<Error> full() {
    return fail(Errc::kOverloaded, "too many transforms in line", "transform_queue_full");
}

}  // namespace

Task<Result<FairLine::Place>> FairLine::enter(std::string client, std::chrono::milliseconds limit) {
    TicketPtr ticket;
    {
        const std::lock_guard lock(mutex_);
        if (free_ > 0) {
            --free_;
            co_return Place(this);
        }
        if (waiting_ >= max_waiting_ && !make_room_for(client)) co_return full();
        ticket = std::make_shared<Ticket>();
        add(client, ticket);
    }
    co_await ticket->signal.wait(ticket->seen, limit);
    const std::lock_guard lock(mutex_);
    if (ticket->has_turn) co_return Place(this);
    if (ticket->had_to_go) co_return full();
    remove(client, ticket);
    co_return fail(Errc::kOverloaded, "the transform had to wait too long", "transform_queue_slow");
}

std::size_t FairLine::waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
}

void FairLine::leave() {
    const std::lock_guard lock(mutex_);
    if (turns_.empty()) {
        ++free_;
        return;
    }
    const std::string client = std::move(turns_.front());
    turns_.pop_front();
    const auto line = lines_.find(client);
    const TicketPtr next = line->second.front();
    line->second.pop_front();
    if (line->second.empty()) {
        lines_.erase(line);
    } else {
        turns_.push_back(client);
    }
    --waiting_;
    next->has_turn = true;
    next->signal.notify();
}

// The newest ticket of the longest line goes, where that line stays at least as long as the
// newcomer's gets.
bool FairLine::make_room_for(const std::string& client) {
    const auto longest =
        std::ranges::max_element(lines_, {}, [](const auto& line) { return line.second.size(); });
    if (longest == lines_.end()) return false;
    const auto mine = lines_.find(client);
    const std::size_t mine_waiting = mine == lines_.end() ? 0 : mine->second.size();
    if (longest->second.size() < mine_waiting + 2) return false;
    const TicketPtr last = longest->second.back();
    remove(longest->first, last);
    last->had_to_go = true;
    last->signal.notify();
    return true;
}

void FairLine::add(const std::string& client, TicketPtr ticket) {
    auto& line = lines_[client];
    if (line.empty()) turns_.push_back(client);
    line.push_back(std::move(ticket));
    ++waiting_;
}

void FairLine::remove(const std::string& client, const TicketPtr& ticket) {
    const auto line = lines_.find(client);
    if (line == lines_.end() || std::erase(line->second, ticket) == 0) return;
    --waiting_;
    if (!line->second.empty()) return;
    std::erase(turns_, client);
    lines_.erase(line);
}

}  // namespace pixgate
