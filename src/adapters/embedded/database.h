// The one SQLite file of a data directory, and the claim on it that keeps other owners out.
// Writes go through one thread, which takes all that wait into one transaction and one fsync, each
// in a savepoint of its own. Reads run on a small set of connections.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "adapters/embedded/data_dir.h"
#include "adapters/embedded/sqlite.h"
#include "adapters/embedded/volume_health.h"
#include "base/task.h"

namespace pixgate::embedded {

// What a write is for. New work is refused with kNoSpace while the disk is nearly full; what goes
// on with work that was taken, or makes room, is not.
enum class Purpose : std::uint8_t { kGoOn, kNewWork };

class Database {
public:
    struct Options {
        std::filesystem::path dir;
        std::size_t max_queued_writes = 4'096;
        // Of the write-ahead log (4 KiB each). Over it the writer waits for readers that need the
        // log: without that, reads that overlap all the time would let it grow for ever.
        int max_log_pages = 16'000;
        std::uint64_t reserve_bytes = 0;  // see space_reserve.h
        // Runs once after the migrations, before anything else uses the database; not for a guest.
        std::function<Result<void>(Connection&)> prepare;
        bool is_guest = false;  // see data_dir.h
    };
    // Blocks. Errors as in embedded::open().
    static Result<std::shared_ptr<Database>> open(
        const Options& options, const Clock& clock, Pool& blocking
    );
    ~Database();

    // Runs fn(Connection&) -> Result<T> in a transaction; durable when this returns a value. A fn
    // that fails leaves nothing behind and does not touch its neighbours. fn runs once, on the
    // writer thread; what it refers to must outlive the await.
    //   errors  kOverloaded (queue full), kNoSpace, kReadOnly (an fsync failed), fn's own
    template <class Fn>
    Task<std::invoke_result_t<Fn&, Connection&>> write(Fn fn, Purpose purpose = Purpose::kGoOn) {
        std::optional<std::invoke_result_t<Fn&, Connection&>> out;
        Work work = [&fn, &out](Connection& db) -> Result<void> {
            out.emplace(fn(db));
            if (!*out) return std::unexpected(out->error());
            return {};
        };
        auto committed = co_await commit(std::move(work), purpose);
        if (!committed) co_return std::unexpected(std::move(committed).error());
        co_return std::move(*out);
    }

    // Runs fn(Connection&) -> Result<T> on one snapshot of what is committed.
    template <class Fn>
    Task<std::invoke_result_t<Fn&, Connection&>> read(Fn fn) {
        auto work = [this, &fn] { return read_now(fn); };
        co_return co_await offload(blocking_, std::move(work));
    }
    // The same for a thread that may block.
    template <class Fn>
    std::invoke_result_t<Fn&, Connection&> read_now(Fn& fn) {
        TRY(const Reader reader, lend());
        CHECK_OK(reader->run("BEGIN"));
        auto out = fn(*reader);
        if (auto ended = reader->run("COMMIT"); out && !ended) {
            return std::unexpected(std::move(ended).error());
        }
        return out;
    }

    // Finishes the writes that wait and takes no more; reads go on. After it, no thread of the
    // database resumes anything: the event loops may go. For one thread, once the pools are joined.
    void close();

    // Notified after each commit that announced the topic.
    Signal& changed(Topic topic);
    const std::shared_ptr<VolumeHealth>& health() const { return health_; }
    const std::filesystem::path& dir() const { return dir_; }
    DirClaim& claim();
    Pool& blocking() { return blocking_; }

private:
    using Work = std::move_only_function<Result<void>(Connection&)>;
    struct GiveBack {
        Database* database;
        void operator()(Connection* connection) const { database->give_back(connection); }
    };
    using Reader = std::unique_ptr<Connection, GiveBack>;
    struct State;

    Database(std::filesystem::path dir, Pool& blocking);
    Task<Result<void>> commit(Work work, Purpose purpose);
    Result<Reader> lend();
    void give_back(Connection* connection);

    std::filesystem::path dir_;
    Pool& blocking_;
    std::shared_ptr<VolumeHealth> health_;
    std::unique_ptr<State> state_;
};

}  // namespace pixgate::embedded
