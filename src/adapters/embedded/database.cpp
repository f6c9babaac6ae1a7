#include "adapters/embedded/database.h"

#include <sys/stat.h>

#include "adapters/embedded/database_state.h"
#include "adapters/embedded/migrations.h"
#include "base/failpoint.h"
#include "base/fd.h"

namespace pixgate::embedded {

namespace {

constexpr std::size_t kMaxGroup = 512;    // writes in one commit
constexpr int kCheckpointPages = 1'000;   // 4 MiB of log: tidy up in the background
constexpr std::size_t kIdleReaders = 16;  // one reads the schema anew when it is opened

Result<void> no_outcome() {
    return fail(Errc::kCancelled, "the database was closed");
}

}  // namespace

void Database::State::stop() {
    {
        const std::lock_guard guard(mutex);
        is_stopping = true;
    }
    wake_writer.notify_all();
    wake_checkpointer.notify_all();
    if (writer_thread.joinable()) writer_thread.join();
    if (checkpoint_thread.joinable()) checkpoint_thread.join();
}

Database::State::~State() {
    stop();
    if (!health->is_read_only() && !claim.is_guest()) return;
    for (auto& reader : readers) reader->skip_final_checkpoint();
    for (auto* connection : {writer.get(), checkpointer.get()}) {
        if (connection != nullptr) connection->skip_final_checkpoint();
    }
}

void Database::State::start() {
    writer_thread = std::thread([this] { write_loop(); });
    checkpoint_thread = std::thread([this] { checkpoint_loop(); });
    pthread_setname_np(writer_thread.native_handle(), "db-writer");
    pthread_setname_np(checkpoint_thread.native_handle(), "db-checkpoint");
}

void Database::State::write_loop() {
    for (;;) {
        std::vector<Job> group;
        bool is_checkpoint_due = false;
        int moved = 0;
        {
            std::unique_lock guard(mutex);
            wake_writer.wait(guard, [this] {
                return is_stopping || !queue.empty() || wants_last_pages;
            });
            if (queue.empty() && is_stopping) return;
            const auto n = static_cast<std::ptrdiff_t>(std::min(queue.size(), kMaxGroup));
            group.assign(
                std::make_move_iterator(queue.begin()), std::make_move_iterator(queue.begin() + n)
            );
            queue.erase(queue.begin(), queue.begin() + n);
            is_checkpoint_due = std::exchange(wants_last_pages, false);
            moved = moved_pages;
        }
        if (!group.empty()) run_group(group);
        tidy_up(is_checkpoint_due && writer->log_pages() > moved);
    }
}

void Database::State::run_group(std::vector<Job>& group) {
    Result<void> committed = health->check_writable();
    if (committed) committed = run_jobs(group);
    const unsigned announced = writer->take_announced();
    if (!committed) {
        note(committed.error());
        was_full |= committed.error().code == Errc::kNoSpace;
        if (writer->is_in_transaction()) {
            if (const auto undone = writer->run("ROLLBACK"); !undone) note(undone.error());
        }
    }
    if (std::exchange(was_full, false)) make_room();
    for (std::size_t i = 0; i < changed.size() && committed; ++i) {
        if ((announced >> i & 1U) != 0) changed[i].notify();
    }
    for (auto& job : group) {
        job.done(committed ? std::move(job.outcome) : committed);
    }
    if (writer->log_pages() > kCheckpointPages) {
        const std::lock_guard guard(mutex);
        wants_checkpoint = true;
        wake_checkpointer.notify_one();
    }
}

// One transaction. An error here means that none of the jobs took effect.
Result<void> Database::State::run_jobs(std::vector<Job>& group) {
    CHECK_OK(writer->run("BEGIN IMMEDIATE"));
    bool is_any_good = false;
    const bool is_tight = reserve && reserve->is_tight();
    for (auto& job : group) {
        if (is_tight && job.purpose == Purpose::kNewWork) {
            job.outcome = fail(Errc::kNoSpace, "the disk is nearly full");
            continue;
        }
        job.outcome = run_one(job);
        is_any_good |= job.outcome.has_value();
        was_full |= !job.outcome && job.outcome.error().code == Errc::kNoSpace;
        // SQLite itself rolls everything back when the disk is full or fails.
        if (!writer->is_in_transaction()) return job.outcome ? no_outcome() : job.outcome;
        if (!job.outcome && job.outcome.error().reason == kSyncFailed) return job.outcome;
    }
    if (!is_any_good) {
        CHECK_OK(writer->run("ROLLBACK"));
        return {};
    }
    CHECK_OK(failpoint::check("db.before_commit"));
    CHECK_OK(writer->run("COMMIT"));
    CHECK_OK(failpoint::check("db.after_commit"));
    return {};
}

Result<void> Database::State::run_one(Job& job) {
    CHECK_OK(writer->run("SAVEPOINT job"));
    Result<void> outcome = no_outcome();
    try {
        outcome = job.work(*writer);
    } catch (const std::exception& e) {
        outcome = fail(Errc::kInternal, e.what());
    }
    if (!writer->is_in_transaction()) return outcome;
    if (!outcome) {
        if (const auto undone = writer->run("ROLLBACK TO job"); !undone) {
            return std::unexpected(undone.error());
        }
    }
    if (const auto released = writer->run("RELEASE job"); !released) {
        return std::unexpected(released.error());
    }
    return outcome;
}

Database::Database(std::filesystem::path dir, Pool& blocking)
    : dir_(std::move(dir)),
      blocking_(blocking),
      health_(std::make_shared<VolumeHealth>()),
      state_(std::make_unique<State>()) {}
Database::~Database() = default;

Result<std::shared_ptr<Database>> Database::open(
    const Options& options, const Clock& clock, Pool& blocking
) {
    std::error_code ec;
    if (!options.is_guest) std::filesystem::create_directories(options.dir, ec);
    const auto dir = std::filesystem::canonical(options.dir, ec);
    if (ec) return fail(Errc::kUnavailable, options.dir.string() + ": " + ec.message());
    if (!options.is_guest) ::chmod(dir.c_str(), 0700);
    std::shared_ptr<Database> out(new Database(dir, blocking));
    State& state = *out->state_;
    state.health = out->health_;
    state.max_queued = options.max_queued_writes;
    state.max_log_pages = state.restart_log_at_pages = options.max_log_pages;
    TRY(state.claim, options.is_guest ? DirClaim::as_guest(dir) : DirClaim::as_owner(dir));
    state.path = (dir / "pixgate.db").string();
    TRY(state.writer, Connection::open(state.path));
    if (options.is_guest) {
        CHECK_OK(check_schema(*state.writer, state.path));
    } else {
        ::chmod(state.path.c_str(), 0600);
        if (!state.claim.is_alone()) CHECK_OK(check_schema(*state.writer, state.path));
        CHECK_OK(migrate(*state.writer, state.path, clock.now()));
        if (options.prepare) CHECK_OK(options.prepare(*state.writer));
    }
    TRY(state.checkpointer, Connection::open(state.path));
    // SQLite syncs the directory for its log, but not for a new database file.
    CHECK_OK(sync_dir(dir));
    if (!options.is_guest) state.reserve.emplace(dir, options.reserve_bytes);
    state.start();
    return out;
}

Task<Result<void>> Database::commit(Work work, Purpose purpose) {
    Result<void> outcome = no_outcome();
    std::move_only_function<void(Resume)> start = [&](Resume resume) {
        State::Job job{
            std::move(work),
            [&outcome, resume = std::move(resume)](Result<void> result) mutable {
                outcome = std::move(result);
                resume();
            },
            {},
            purpose
        };
        {
            const std::lock_guard guard(state_->mutex);
            if (state_->is_stopping) {
                job.outcome = no_outcome();
            } else if (state_->queue.size() >= state_->max_queued) {
                job.outcome = fail(Errc::kOverloaded, "too many writes are waiting");
            } else {
                state_->queue.push_back(std::move(job));
                state_->wake_writer.notify_one();
                return;
            }
        }
        job.done(std::move(job.outcome));
    };
    co_await suspend(std::move(start));
    co_return outcome;
}

Result<Database::Reader> Database::lend() {
    {
        std::unique_lock guard(state_->mutex);
        state_->readers_changed.wait(guard, [this] { return !state_->holds_readers; });
        ++state_->n_lent;
        if (!state_->readers.empty()) {
            Reader reader(state_->readers.back().release(), GiveBack{this});
            state_->readers.pop_back();
            return reader;
        }
    }
    auto opened = Connection::open(state_->path);
    if (opened) {
        if (const auto set = (*opened)->script("PRAGMA query_only = ON"); !set) {
            opened = std::unexpected(set.error());
        }
    }
    if (opened) return Reader(opened->release(), GiveBack{this});
    give_back(nullptr);
    return std::unexpected(std::move(opened).error());
}

// Null: it could not be opened.
void Database::give_back(Connection* connection) {
    std::unique_ptr<Connection> owned(connection);
    if (owned && (health_->is_read_only() || state_->claim.is_guest()))
        owned->skip_final_checkpoint();
    if (owned && owned->is_in_transaction()) owned.reset();
    const std::lock_guard guard(state_->mutex);
    if (--state_->n_lent == 0) state_->readers_changed.notify_all();
    if (owned && state_->readers.size() < kIdleReaders) state_->readers.push_back(std::move(owned));
}

void Database::close() {
    state_->stop();
}

DirClaim& Database::claim() {
    return state_->claim;
}

Signal& Database::changed(Topic topic) {
    return state_->changed[static_cast<std::size_t>(topic)];
}

}  // namespace pixgate::embedded
