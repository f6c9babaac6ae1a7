// What a connection answers without its coroutine: requests whose answer is in HotAnswers.
#include <sys/uio.h>

#include <array>

#include "base/log.h"
#include "http/connection.h"
#include "http/pieces.h"

namespace pixgate::http {

using std::chrono::steady_clock;

// Called by the loop: a new turn.
bool Connection::take_input(steady_clock::time_point now) {
    turn_answers_ = 0;
    return take_some(now);
}

// True: all there was is answered, and the coroutine may sleep on.
bool Connection::take_some(steady_clock::time_point now) {
    const auto got = wire_.receive(part_.scratch);
    if (got.kind == Wire::Kind::kWouldBlock) return true;
    is_gone_ = got.kind != Wire::Kind::kBytes;
    if (is_gone_) return false;
    auto input = as_text(std::span(part_.scratch).first(got.n));
    const auto last = answer_all(input, now);
    in_.assign(input);
    return last == Hot::kAnswered && in_.empty();
}

void Connection::answer_hot_ones(steady_clock::time_point now) {
    std::string_view input = in_;
    answer_all(input, now);
    in_.erase(0, in_.size() - input.size());
}

Connection::Hot Connection::answer_all(std::string_view& input, steady_clock::time_point now) {
    auto last = Hot::kAnswered;
    while (last == Hot::kAnswered && !input.empty() && turn_answers_ < kMaxTurnAnswers) {
        // While the server stops, answers say that the connection ends: the coroutine's part.
        last = server_->is_stopping ? Hot::kNotHot : answer_hot(input, now);
    }
    is_for_handler_ = last == Hot::kNotHot;
    return last;
}

// Takes one request off `input`; leaves all of it where the coroutine is to look at it.
Connection::Hot Connection::answer_hot(std::string_view& input, steady_clock::time_point arrived) {
    const auto& limits = server_->limits;
    HeadParser parser({limits.max_header_bytes, limits.max_target_bytes, limits.max_fields});
    Head& head = part_.hot_head;
    head.clear();
    const auto parsed = parser.feed(input, head);
    if (!parsed || !*parsed) return Hot::kNotHot;
    bool is_unchanged = false;
    const auto* entry = part_.hot.find(head, arrived, part_.date(), is_unchanged);
    if (entry == nullptr) return Hot::kNotHot;
    const auto result = send_hot(*entry, is_unchanged);
    const auto took = steady_clock::now() - arrived;
    const unsigned status = is_unchanged ? 304 : 200;
    part_.metrics.answered(entry->route, status, took);
    if (entry->repeat.counter != nullptr) entry->repeat.counter->add();
    // "…x-request-id: 0123456789abcdef\r\n\r\n"; what comes from a file has none.
    const std::string_view tail = part_.hot_tail;
    const bool has_id = is_unchanged || !entry->file;
    const auto id = has_id ? tail.substr(tail.size() - 20, 16) : std::string_view{};
    log_access({id, head.method, head.path, entry->route, status, took});
    count_transferred();
    ++turn_answers_;
    input.remove_prefix(head.size_bytes);
    return result;
}

Connection::Hot Connection::send_hot(const HotAnswers::Entry& entry, bool is_unchanged) {
    const auto& repeat = entry.repeat;
    const auto& head = is_unchanged ? repeat.head_unchanged : repeat.head;
    const auto body = is_unchanged ? std::string_view{} : std::string_view(*repeat.body);
    const bool is_file = entry.file && !is_unchanged;
    std::string& tail = part_.hot_tail;
    const auto before = wire_.sent_bytes();
    auto sent = Wire::Sent::kAll;
    if (is_file) {
        tail = entry.file_tail;
        sent = wire_.send_file_now(entry.file.get(), head->size() + tail.size() + body.size());
    } else {
        tail.assign("Date: ").append(part_.date()).append("\r\nx-request-id: ");
        part_.append_request_id(tail);
        tail.append("\r\n\r\n");
        std::array<iovec, 3> pieces{piece_of(*head), piece_of(tail), piece_of(body)};
        std::span<iovec> left(pieces);
        sent = wire_.send_now(left, false);
    }
    if (sent == Wire::Sent::kAll) return Hot::kAnswered;
    // A broken connection comes to light when the coroutine sends the rest.
    unsent_ = std::make_unique<Unsent>(Unsent{
        .head = head,
        .tail = tail,
        .body = is_unchanged ? nullptr : repeat.body,
        .skip = static_cast<std::size_t>(wire_.sent_bytes() - before),
    });
    return Hot::kUnsent;
}

Task<bool> Connection::send_rest() {
    const auto unsent = std::move(unsent_);
    std::array<iovec, 3> pieces{
        piece_of(*unsent->head), piece_of(unsent->tail),
        piece_of(unsent->body ? std::string_view(*unsent->body) : std::string_view{})
    };
    for (auto& piece : pieces) {
        const auto used = std::min(unsent->skip, piece.iov_len);
        piece.iov_base = static_cast<char*>(piece.iov_base) + used;
        piece.iov_len -= used;
        unsent->skip -= used;
    }
    co_return co_await wire_.send_all(pieces, server_->limits.write_timeout);
}

}  // namespace pixgate::http
