#include "adapters/embedded/dead_letters.h"

#include <charconv>

#include "adapters/embedded/alert_log.h"
#include "base/failpoint.h"

namespace pixgate::embedded {

namespace {

constexpr std::string_view kEventSource = "event";
constexpr std::string_view kMessageSource = "message";

std::string_view name_of(DeadLetterSource source) {
    return source == DeadLetterSource::kEvent ? kEventSource : kMessageSource;
}

#define PIXGATE_LETTER_COLUMNS \
    "id, source, queue, body, reason, last_error, attempts, first_ms, died_ms "

DeadLetter read_row(const Rows& row) {
    return {
        .id = row.text(0),
        .source =
            row.text(1) == kEventSource ? DeadLetterSource::kEvent : DeadLetterSource::kMessage,
        .queue = row.text(2),
        .body = row.text(3),
        .reason = row.text(4),
        .last_error = row.text(5),
        .attempts = row.number<std::uint32_t>(6),
        .first_at = row.time(7),
        .died_at = row.time(8),
    };
}

Result<std::int64_t> number(const std::string& text, Errc code) {
    std::int64_t out = 0;
    const char* end = text.data() + text.size();
    const auto [rest, ec] = std::from_chars(text.data(), end, out);
    if (ec != std::errc() || rest != end) return fail(code, "no such dead letter");
    return out;
}

Result<DeadLetter> find_letter(Connection& db, std::int64_t id) {
    TRY(auto rows, db.query("SELECT " PIXGATE_LETTER_COLUMNS "FROM dead_letters WHERE id = ?", id));
    TRY(const bool found, rows.next());
    if (!found) return fail(Errc::kNotFound, "no such dead letter");
    return read_row(rows);
}

Result<void> delete_letter(Connection& db, std::int64_t id) {
    TRY(const auto n, db.run("DELETE FROM dead_letters WHERE id = ?", id));
    if (n == 0) return fail(Errc::kNotFound, "no such dead letter");
    return {};
}

class EmbeddedDeadLetters : public DeadLetters {
public:
    EmbeddedDeadLetters(std::shared_ptr<Database> database, const Clock& clock)
        : db_(std::move(database)), clock_(clock) {}

    Task<Result<DeadLetterPage>> list(std::string cursor, std::size_t limit) override {
        std::int64_t before = std::numeric_limits<std::int64_t>::max();
        if (!cursor.empty()) {
            CO_TRY(before, number(cursor, Errc::kInvalidArgument));
        }
        auto look = [&](Connection& db) -> Result<DeadLetterPage> {
            DeadLetterPage page;
            TRY(auto rows, db.query(
                               "SELECT " PIXGATE_LETTER_COLUMNS
                               "FROM dead_letters WHERE id < ? ORDER BY id DESC LIMIT ?",
                               before, limit + 1
                           ));
            for (;;) {
                TRY(const bool more, rows.next());
                if (!more) return page;
                if (page.letters.size() == limit) {
                    if (limit > 0) page.next_cursor = page.letters.back().id;
                    return page;
                }
                page.letters.push_back(read_row(rows));
            }
        };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<DeadLetter>> find(std::string id) override {
        CO_TRY(const auto key, number(id, Errc::kNotFound));
        auto look = [key](Connection& db) { return find_letter(db, key); };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<void>> redrive(std::string id) override {
        CO_TRY(const auto key, number(id, Errc::kNotFound));
        auto send_back = [this, key](Connection& db) -> Result<void> {
            TRY(const DeadLetter letter, find_letter(db, key));
            if (letter.source == DeadLetterSource::kEvent) {
                CHECK_OK(db.run(
                    "INSERT INTO events (json, created_ms) VALUES (?, ?)", letter.body, clock_.now()
                ));
                db.announce(Topic::kEvents);
            } else {
                CHECK_OK(db.run(
                    "INSERT INTO messages (queue, body, sent_ms) VALUES (?, ?, ?)", letter.queue,
                    letter.body, clock_.now()
                ));
                db.announce(Topic::kMessages);
            }
            return delete_letter(db, key);
        };
        co_return co_await db_->write(std::move(send_back));
    }

    Task<Result<void>> drop(std::string id) override {
        CO_TRY(const auto key, number(id, Errc::kNotFound));
        auto take_away = [key](Connection& db) { return delete_letter(db, key); };
        co_return co_await db_->write(std::move(take_away));
    }

    Task<Result<std::uint64_t>> count() override {
        auto look = [](Connection& db) -> Result<std::uint64_t> {
            TRY(const auto n, db.integer("SELECT count(*) FROM dead_letters"));
            return static_cast<std::uint64_t>(n);
        };
        co_return co_await db_->read(std::move(look));
    }

private:
    std::shared_ptr<Database> db_;
    const Clock& clock_;
};

}  // namespace

Result<void> bury(Connection& db, const DeadLetter& letter, TimePoint now) {
    CHECK_OK(failpoint::check("dlq.before_move"));
    CHECK_OK(db.run(
        "INSERT INTO dead_letters "
        "(source, queue, body, reason, last_error, attempts, first_ms, died_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        name_of(letter.source), letter.queue, letter.body, letter.reason, letter.last_error,
        letter.attempts, letter.first_at, now
    ));
    const Alert alert{
        .kind = "dead_letter",
        .cause = std::string(name_of(letter.source)) + " " + letter.reason,
        .text = letter.last_error,
        .image_id = {},
        .at = now,
    };
    return raise_alert(db, alert);
}

std::unique_ptr<DeadLetters> make_dead_letters(
    std::shared_ptr<Database> database, const Clock& clock
) {
    return std::make_unique<EmbeddedDeadLetters>(std::move(database), clock);
}

}  // namespace pixgate::embedded
