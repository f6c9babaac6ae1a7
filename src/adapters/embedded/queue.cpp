#include "adapters/embedded/queue.h"

#include <charconv>

#include "adapters/embedded/dead_letters.h"
#include "base/failpoint.h"
#include "base/ids.h"

namespace pixgate::embedded {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxBodyBytes = 1 << 20;
constexpr std::size_t kMaxBatch = 10;

// "{message id}.{token of the receive}"
struct Receipt {
    std::int64_t id = 0;
    std::string token;
};
Result<Receipt> parse_receipt(const std::string& text) {
    Receipt out;
    const auto dot = text.find('.');
    const char* end = text.data() + std::min(dot, text.size());
    const auto [rest, ec] = std::from_chars(text.data(), end, out.id);
    if (dot == text.npos || ec != std::errc() || rest != end) {
        return fail(Errc::kNotFound, "not a receipt");
    }
    out.token = text.substr(dot + 1);
    return out;
}

struct Row {
    std::int64_t id = 0;
    std::string body;
    std::uint32_t receive_count = 0;
    TimePoint sent_at;
};

class EmbeddedQueue : public Queue {
public:
    EmbeddedQueue(
        std::shared_ptr<Database> database,
        std::string_view name,
        std::uint32_t max,
        const Clock& clock
    )
        : db_(std::move(database)),
          name_(name),
          max_receives_(max),
          clock_(clock),
          started_at_(clock.now()),
          started_steady_(clock.steady()) {}

    Task<Result<std::string>> send(std::string body) override {
        if (body.size() > kMaxBodyBytes) co_return fail(Errc::kTooLarge, "message over 1 MiB");
        auto insert = [&](Connection& db) -> Result<std::string> {
            CHECK_OK(failpoint::check("q.before_insert"));
            CHECK_OK(db.run(
                "INSERT INTO messages (queue, body, visible_at, sent_ms) VALUES (?, ?, ?, ?)",
                name_, body, now_ms(), clock_.now()
            ));
            db.announce(Topic::kMessages);
            return std::to_string(db.last_id());
        };
        auto id = co_await db_->write(std::move(insert), Purpose::kNewWork);
        if (id) CO_CHECK(failpoint::check("q.after_insert"));
        co_return id;
    }

    Task<Result<std::vector<ReceivedMessage>>> receive(
        std::size_t max, std::chrono::milliseconds wait, std::chrono::milliseconds visibility
    ) override {
        const auto deadline = Steady::now() + wait;
        const std::size_t batch = std::min(max, kMaxBatch);
        Signal& changed = db_->changed(Topic::kMessages);
        for (bool was_woken = false;;) {
            const auto seen = changed.version();
            // Woken by a message: most likely it is still there, so the look is not worth its time.
            std::optional<std::int64_t> visible_at = 0;
            if (!was_woken) {
                CO_TRY(visible_at, co_await first_visible());
            }
            if (visible_at && *visible_at <= now_ms()) {
                CO_TRY(auto messages, co_await take(batch, visibility));
                if (!messages.empty()) {
                    CO_CHECK(failpoint::check("w.received"));
                    co_return messages;
                }
                CO_TRY(visible_at, co_await first_visible());
            }
            if (Steady::now() >= deadline) co_return std::vector<ReceivedMessage>();
            std::chrono::nanoseconds limit = deadline - Steady::now();
            if (visible_at) {
                const std::chrono::milliseconds until(*visible_at - now_ms());
                limit = std::min<std::chrono::nanoseconds>(limit, until);
            }
            was_woken = co_await changed.wait(seen, limit) > seen;
        }
    }

    Task<Result<void>> ack(std::string receipt) override {
        CO_TRY(const Receipt given, parse_receipt(receipt));
        auto take_away = [this, &given](Connection& db) -> Result<void> {
            TRY(const auto n, db.run(
                                  "DELETE FROM messages WHERE id = ? AND token = ? AND queue = ?",
                                  given.id, given.token, name_
                              ));
            if (n > 0) return {};
            TRY(const auto left,
                db.integer("SELECT count(*) FROM messages WHERE id = ?", given.id));
            if (left == 0) return {};
            return fail(Errc::kNotFound, "the message was received again since");
        };
        co_return co_await db_->write(std::move(take_away));
    }

    Task<Result<void>> extend(std::string receipt, std::chrono::milliseconds visibility) override {
        CO_TRY(const Receipt given, parse_receipt(receipt));
        auto hide = [&](Connection& db) -> Result<void> {
            TRY(const auto n, db.run(
                                  "UPDATE messages SET visible_at = ? "
                                  "WHERE id = ? AND token = ? AND queue = ?",
                                  now_ms() + visibility.count(), given.id, given.token, name_
                              ));
            if (n == 0) return fail(Errc::kNotFound, "gone, or received again since");
            if (visibility <= std::chrono::milliseconds(0)) db.announce(Topic::kMessages);
            return {};
        };
        co_return co_await db_->write(std::move(hide));
    }

    Task<Result<void>> bury(std::string receipt, std::string reason, std::string error) override {
        CO_TRY(const Receipt given, parse_receipt(receipt));
        auto move = [&](Connection& db) -> Result<void> {
            Row row;
            {
                TRY(auto rows, db.query(
                                   "SELECT id, body, receive_count, sent_ms FROM messages "
                                   "WHERE id = ? AND token = ? AND queue = ?",
                                   given.id, given.token, name_
                               ));
                TRY(const bool found, rows.next());
                if (!found) return fail(Errc::kNotFound, "gone, or received again since");
                row = read_row(rows);
            }
            return move_to_dead(db, row, reason, error);
        };
        CO_CHECK(co_await db_->write(std::move(move)));
        co_return failpoint::check("dlq.after_move");
    }

    Task<Result<Backlog>> backlog() override {
        auto look = [this](Connection& db) -> Result<Backlog> {
            Backlog out{.count = 0, .oldest = clock_.now()};
            TRY(const auto count,
                db.integer("SELECT count(*) FROM messages WHERE queue = ?", name_));
            out.count = static_cast<std::uint64_t>(count);
            TRY(auto rows,
                db.query(
                    // By id, not by the queue's index: the first of many is found at once.
                    "SELECT sent_ms FROM messages WHERE +queue = ? ORDER BY id LIMIT 1", name_
                ));
            TRY(const bool found, rows.next());
            if (found) out.oldest = std::min(out.oldest, rows.time(0));
            return out;
        };
        co_return co_await db_->read(std::move(look));
    }

private:
    // The wall clock's time at the start, moved on by steady time.
    std::int64_t now_ms() const {
        const auto passed = clock_.steady() - started_steady_;
        return (started_at_ + std::chrono::floor<std::chrono::milliseconds>(passed))
            .time_since_epoch()
            .count();
    }

    static Row read_row(const Rows& rows) {
        return {rows.integer(0), rows.text(1), rows.number<std::uint32_t>(2), rows.time(3)};
    }

    Task<Result<std::optional<std::int64_t>>> first_visible() {
        auto look = [this](Connection& db) -> Result<std::optional<std::int64_t>> {
            TRY(auto rows, db.query(
                               "SELECT visible_at FROM messages WHERE queue = ? "
                               "ORDER BY visible_at, id LIMIT 1",
                               name_
                           ));
            TRY(const bool found, rows.next());
            if (!found) return std::nullopt;
            return rows.integer(0);
        };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<std::vector<ReceivedMessage>>> take(
        std::size_t max, std::chrono::milliseconds visibility
    ) {
        auto hand_out = [&](Connection& db) { return hand_out_now(db, max, visibility); };
        co_return co_await db_->write(std::move(hand_out));
    }

    Result<std::vector<ReceivedMessage>> hand_out_now(
        Connection& db, std::size_t max, std::chrono::milliseconds visibility
    ) {
        std::vector<ReceivedMessage> out;
        TRY(const auto visible, read_visible(db, max));
        for (const Row& row : visible) {
            if (row.receive_count >= max_receives_) {
                CHECK_OK(
                    move_to_dead(db, row, "too_many_receives", "received and never acknowledged")
                );
                continue;
            }
            const std::string token = random_token(16);
            CHECK_OK(db.run(
                "UPDATE messages SET receive_count = receive_count + 1, token = ?, visible_at = ? "
                "WHERE id = ?",
                token, now_ms() + visibility.count(), row.id
            ));
            const std::string id = std::to_string(row.id);
            out.push_back({id, id + "." + token, row.body, row.receive_count + 1, row.sent_at});
        }
        return out;
    }

    Result<std::vector<Row>> read_visible(Connection& db, std::size_t max) {
        std::vector<Row> out;
        TRY(auto rows, db.query(
                           "SELECT id, body, receive_count, sent_ms FROM messages "
                           "WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, id LIMIT ?",
                           name_, now_ms(), max
                       ));
        for (;;) {
            TRY(const bool more, rows.next());
            if (!more) return out;
            out.push_back(read_row(rows));
        }
    }

    Result<void> move_to_dead(
        Connection& db, const Row& row, const std::string& reason, const std::string& error
    ) {
        DeadLetter letter;
        letter.source = DeadLetterSource::kMessage;
        letter.queue = name_;
        letter.body = row.body;
        letter.reason = reason;
        letter.last_error = error;
        letter.attempts = row.receive_count;
        letter.first_at = row.sent_at;
        CHECK_OK(embedded::bury(db, letter, clock_.now()));
        CHECK_OK(db.run("DELETE FROM messages WHERE id = ?", row.id));
        return {};
    }

    std::shared_ptr<Database> db_;
    const std::string name_;
    const std::uint32_t max_receives_;
    const Clock& clock_;
    const TimePoint started_at_;
    const Steady::time_point started_steady_;
};

}  // namespace

std::unique_ptr<Queue> make_queue(
    std::shared_ptr<Database> database,
    std::string_view name,
    std::uint32_t max_receives,
    const Clock& clock
) {
    return std::make_unique<EmbeddedQueue>(std::move(database), name, max_receives, clock);
}

Result<void> make_all_visible(Connection& db, TimePoint now) {
    CHECK_OK(db.run("UPDATE messages SET visible_at = ? WHERE visible_at > ?", now, now));
    return {};
}

}  // namespace pixgate::embedded
