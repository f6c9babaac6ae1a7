// When what is in the write-ahead log goes to the database file, and when the log begins anew.
#include "adapters/embedded/database_state.h"

namespace pixgate::embedded {

namespace {

constexpr std::chrono::seconds kReadersLimit{1};  // how long the writer waits for readers

}  // namespace

// How many pages are left in the log; -1 where that is not known. A guest moves none: checkpoints
// of two processes at once are what SQLite before 3.51.3 does wrong
// (sqlite.org/wal.html#walresetbug). For the same reason one begins beside commits only while the
// log holds pages that were not moved, as then no commit can begin the log anew under it. (Where
// the disk is full, the writer's own may begin on any, beside commits of guests.)
int Database::State::checkpoint(Connection& connection) {
    if (health->is_read_only() || claim.is_guest()) return -1;
    const auto left = connection.checkpoint();
    // A full disk is no news here: the commits say so. The log keeps everything.
    if (!left) note(left.error());
    return left ? *left : -1;
}

// The pages that wait in the log go to the database file, and the log's own blocks are free for the
// next commits.
void Database::State::make_room() {
    if (reserve) reserve->give_up();
    finish_checkpoint();
}

void Database::State::finish_checkpoint() {
    const std::lock_guard only(checkpointing);
    if (checkpoint(*writer) != 0) return;
    const std::lock_guard guard(mutex);
    wants_checkpoint = false;  // there is nothing left for it
}

void Database::State::tidy_up(bool is_checkpoint_due) {
    const int pages = writer->log_pages();
    if (pages <= max_log_pages) restart_log_at_pages = max_log_pages;
    if (pages <= restart_log_at_pages) {
        if (is_checkpoint_due) finish_checkpoint();
        return;
    }
    // Where a reader does not end, the next try comes after as much log again.
    restart_log_at_pages = pages + max_log_pages;
    restart_log();
}

// The log begins anew only where no reader needs it. SQLite waits for that moment too, but does not
// keep new readers from coming, and under many it never comes: so they wait here.
void Database::State::restart_log() {
    if (health->is_read_only() || claim.is_guest()) return;
    const std::lock_guard only(checkpointing);
    bool is_alone = false;
    {
        std::unique_lock guard(mutex);
        holds_readers = true;
        is_alone = readers_changed.wait_for(guard, kReadersLimit, [this] { return n_lent == 0; });
    }
    if (is_alone) {
        if (const auto restarted = writer->restart_log(); !restarted) note(restarted.error());
    } else {
        checkpoint(*writer);
    }
    {
        const std::lock_guard guard(mutex);
        holds_readers = false;
        wants_checkpoint = false;
    }
    readers_changed.notify_all();
}

// Moves pages while commits go on. What was committed meanwhile is left over, and as long as
// something is, the log only grows: so the writer moves the last few itself, between two groups.
void Database::State::checkpoint_loop() {
    for (;;) {
        {
            std::unique_lock guard(mutex);
            wake_checkpointer.wait(guard, [this] { return is_stopping || wants_checkpoint; });
            if (is_stopping) return;
        }
        int moved = 0;
        {
            const std::lock_guard only(checkpointing);
            {
                const std::lock_guard guard(mutex);
                if (!std::exchange(wants_checkpoint, false)) continue;
            }
            checkpoint(*checkpointer);
            moved = checkpointer->moved_pages();
        }
        {
            const std::lock_guard guard(mutex);
            wants_last_pages = true;
            moved_pages = moved;
            wants_checkpoint = false;
        }
        wake_writer.notify_one();
    }
}

}  // namespace pixgate::embedded
