// What a Database is made of: the queue of its writer (database.cpp) and the moving of its log
// (checkpoints.cpp). For those two files.
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "adapters/embedded/database.h"
#include "adapters/embedded/space_reserve.h"

namespace pixgate::embedded {

struct Database::State {
    struct Job {
        Work work;
        std::move_only_function<void(Result<void>)> done;
        Result<void> outcome;
        Purpose purpose = Purpose::kGoOn;
    };

    std::shared_ptr<VolumeHealth> health;
    std::size_t max_queued = 0;
    int max_log_pages = 0;
    int restart_log_at_pages = 0;  // writer thread only
    std::string path;
    DirClaim claim;

    std::mutex mutex;  // of the queue, the readers and the flags
    std::condition_variable wake_writer;
    std::condition_variable wake_checkpointer;
    std::vector<Job> queue;
    std::condition_variable readers_changed;
    std::vector<std::unique_ptr<Connection>> readers;  // idle
    std::size_t n_lent = 0;
    bool holds_readers = false;  // the log is about to begin anew
    std::mutex checkpointing;    // taken before `mutex`
    bool is_stopping = false;
    bool wants_checkpoint = false;
    bool wants_last_pages = false;  // the writer finishes what the checkpointer began
    int moved_pages = 0;            // of the log, by the checkpointer

    std::array<Signal, 3> changed;
    std::optional<SpaceReserve> reserve;  // this and the next: the writer's; a guest has none
    bool was_full = false;                // something in this group found no space
    std::unique_ptr<Connection> writer;
    std::unique_ptr<Connection> checkpointer;
    std::thread writer_thread;
    std::thread checkpoint_thread;

    ~State();
    void start();
    void stop();
    void write_loop();
    void checkpoint_loop();
    void run_group(std::vector<Job>& group);
    Result<void> run_jobs(std::vector<Job>& group);
    Result<void> run_one(Job& job);
    int checkpoint(Connection& connection);
    void finish_checkpoint();
    void tidy_up(bool is_checkpoint_due);
    void restart_log();
    void make_room();
    void note(const Error& error) {
        if (error.reason == kSyncFailed) health->sync_failed(error.message);
    }
};

}  // namespace pixgate::embedded
