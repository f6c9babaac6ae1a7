// The parent's side of one warm worker: a child that does job after job, each watched by the clock.
#pragma once

#include "imaging/sandbox/held_child.h"
#include "imaging/sandbox/job_files.h"

namespace pixgate::imaging {

class WarmWorker {
public:
    // `request` is of kind kWorker: its limits hold for the worker's whole life, but for the clock;
    // its output_bytes are the most that any job may write.
    static Result<WarmWorker> start(
        int control, const JobRequest& request, Clock::time_point until
    );

    // One job; errors as of Imaging. After an error the worker is no good any more.
    Result<ParsedReply> run(const JobRequest& request, const JobFds& fds);
    const OutputFile& output() const { return output_; }

    // Nothing was said that nobody asked for, and it has not ended.
    bool is_quiet() const;
    void end() { child_.kill(); }

    Clock::time_point started() const { return started_; }
    std::size_t jobs() const { return jobs_; }
    // 0 where /proc does not say.
    std::uint64_t resident_bytes() const;

private:
    WarmWorker(HeldChild child, OutputFile output);

    HeldChild child_;
    OutputFile output_;
    UniqueFd statm_;
    Clock::time_point started_ = Clock::now();
    std::size_t jobs_ = 0;
};

}  // namespace pixgate::imaging
