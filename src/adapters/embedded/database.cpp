#include "adapters/embedded/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "adapters/embedded/migrations.h"
#include "adapters/embedded/space_reserve.h"
#include "base/failpoint.h"
#include "base/fd.h"

namespace pixgate::embedded {

namespace {

constexpr std::size_t kMaxGroup = 512;          // writes in one commit
constexpr int kCheckpointPages = 1'000;         // 4 MiB of log: tidy up in the background
constexpr int kCheckpointAtOncePages = 16'000;  // 64 MiB: the writer waits for it
constexpr std::size_t kIdleReaders = 8;

std::string last_error(const std::string& what) {
    return fmt::format("{}: {}", what, std::strerror(errno));
}

// The lock ends with the process, whatever way it ends; the file stays.
Result<UniqueFd> lock_dir(const std::filesystem::path& dir) {
    const auto path = dir / "lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return fail(Errc::kUnavailable, last_error(path));
    std::array<char, 32> text{};
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        const auto n = ::pread(fd.get(), text.data(), text.size() - 1, 0);
        const std::string pid(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
        return fail(
            Errc::kFailedPrecondition, fmt::format("{} is in use by process {}", dir.string(), pid),
            "locked"
        );
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return fail(errno == ENOSPC ? Errc::kNoSpace : Errc::kUnavailable, last_error(path));
    }
    return fd;
}

Result<void> sync_dir(const std::filesystem::path& dir) {
    const UniqueFd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return fail(Errc::kReadOnly, last_error(dir));
    return {};
}

Result<void> no_outcome() {
    return fail(Errc::kCancelled, "the database was closed");
}

}  // namespace

struct Database::State {
    struct Job {
        Work work;
        std::move_only_function<void(Result<void>)> done;
        Result<void> outcome;
        Purpose purpose = Purpose::kGoOn;
    };

    std::shared_ptr<VolumeHealth> health;
    std::size_t max_queued = 0;
    std::string path;
    UniqueFd lock;

    std::mutex mutex;  // of the queue, the readers and the flags
    std::condition_variable wake_writer;
    std::condition_variable wake_checkpointer;
    std::vector<Job> queue;
    std::vector<std::unique_ptr<Connection>> readers;
    bool is_stopping = false;
    bool wants_checkpoint = false;
    bool wants_last_pages = false;  // the writer finishes what the checkpointer began

    std::array<Signal, 3> changed;
    std::optional<SpaceReserve> reserve;  // this and the next: the writer's
    bool was_full = false;                // something in this group found no space
    std::unique_ptr<Connection> writer;
    std::unique_ptr<Connection> checkpointer;
    std::thread writer_thread;
    std::thread checkpoint_thread;

    ~State();
    void start();
    void write_loop();
    void checkpoint_loop();
    void run_group(std::vector<Job>& group);
    Result<void> run_jobs(std::vector<Job>& group);
    Result<void> run_one(Job& job);
    void checkpoint(Connection& connection);
    void make_room();
    void note(const Error& error) {
        if (error.reason == kSyncFailed) health->sync_failed(error.message);
    }
};

Database::State::~State() {
    {
        const std::lock_guard guard(mutex);
        is_stopping = true;
    }
    wake_writer.notify_all();
    wake_checkpointer.notify_all();
    if (writer_thread.joinable()) writer_thread.join();
    if (checkpoint_thread.joinable()) checkpoint_thread.join();
    if (!health->is_read_only()) return;
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
        }
        if (!group.empty()) run_group(group);
        if (is_checkpoint_due || writer->log_pages() > kCheckpointAtOncePages) {
            checkpoint(*writer);
        }
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
    const bool is_tight = reserve->is_tight();
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

void Database::State::checkpoint(Connection& connection) {
    if (health->is_read_only()) return;
    const auto left = connection.checkpoint();
    // A full disk is no news here: the commits say so. The log keeps everything.
    if (!left) note(left.error());
}

// The pages that wait in the log go to the database file, and the log's own blocks are free for the
// next commits.
void Database::State::make_room() {
    reserve->give_up();
    checkpoint(*writer);
}

// Moves pages while commits go on. What was committed meanwhile is left over, and as long as
// something is, the log only grows: so the writer moves the last few itself, between two groups.
void Database::State::checkpoint_loop() {
    for (;;) {
        {
            std::unique_lock guard(mutex);
            wake_checkpointer.wait(guard, [this] { return is_stopping || wants_checkpoint; });
            if (is_stopping) return;
            wants_checkpoint = false;
        }
        checkpoint(*checkpointer);
        {
            const std::lock_guard guard(mutex);
            wants_last_pages = true;
            wants_checkpoint = false;
        }
        wake_writer.notify_one();
    }
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
    std::filesystem::create_directories(options.dir, ec);
    const auto dir = std::filesystem::canonical(options.dir, ec);
    if (ec) return fail(Errc::kUnavailable, options.dir.string() + ": " + ec.message());
    ::chmod(dir.c_str(), 0700);
    std::shared_ptr<Database> out(new Database(dir, blocking));
    State& state = *out->state_;
    state.health = out->health_;
    state.max_queued = options.max_queued_writes;
    TRY(state.lock, lock_dir(dir));
    state.path = (dir / "pixgate.db").string();
    TRY(state.writer, Connection::open(state.path));
    ::chmod(state.path.c_str(), 0600);
    CHECK_OK(migrate(*state.writer, state.path, clock.now()));
    if (options.prepare) CHECK_OK(options.prepare(*state.writer));
    TRY(state.checkpointer, Connection::open(state.path));
    // SQLite syncs the directory for its log, but not for a new database file.
    CHECK_OK(sync_dir(dir));
    state.reserve.emplace(dir, options.reserve_bytes);
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
            if (state_->queue.size() < state_->max_queued && !state_->is_stopping) {
                state_->queue.push_back(std::move(job));
                state_->wake_writer.notify_one();
                return;
            }
        }
        job.done(fail(Errc::kOverloaded, "too many writes are waiting"));
    };
    co_await suspend(std::move(start));
    co_return outcome;
}

Result<Database::Reader> Database::lend() {
    {
        const std::lock_guard guard(state_->mutex);
        if (!state_->readers.empty()) {
            Reader reader(state_->readers.back().release(), GiveBack{this});
            state_->readers.pop_back();
            return reader;
        }
    }
    TRY(auto connection, Connection::open(state_->path));
    CHECK_OK(connection->script("PRAGMA query_only = ON"));
    return Reader(connection.release(), GiveBack{this});
}

void Database::give_back(Connection* connection) {
    std::unique_ptr<Connection> owned(connection);
    if (health_->is_read_only()) owned->skip_final_checkpoint();
    if (owned->is_in_transaction()) return;
    const std::lock_guard guard(state_->mutex);
    if (state_->readers.size() < kIdleReaders) state_->readers.push_back(std::move(owned));
}

Signal& Database::changed(Topic topic) {
    return state_->changed[static_cast<std::size_t>(topic)];
}

}  // namespace pixgate::embedded
