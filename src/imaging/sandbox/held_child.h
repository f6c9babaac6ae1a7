// A child of the zygote as the parent holds it: the socket to talk to it, word of its end, and the
// means to end it.
#pragma once

#include "imaging/sandbox/protocol.h"

namespace pixgate::imaging {

struct JobFds {
    int input = -1;  // read-only
    int output = -1;
};

// The descriptors that `request` says it comes with, behind `first`.
class HandedFds {
public:
    HandedFds(std::span<const int> first, const JobRequest& request, const JobFds& fds);
    std::span<const int> get() const { return std::span(fds_).first(count_); }

private:
    std::array<int, kMaxMessageFds> fds_{};
    std::size_t count_ = 0;
};

class HeldChild {
public:
    // Asks the zygote at `control` for a child for this request. kUnavailable when it cannot have
    // one until then.
    static Result<HeldChild> start(
        int control, const JobRequest& request, const JobFds& fds, Clock::time_point until
    );

    int socket() const { return socket_.get(); }         // JobReply comes here
    int status_socket() const { return status_.get(); }  // readable once the child has ended
    int pidfd() const { return pidfd_.get(); }

    // What waitpid said of it. kDeadlineExceeded when it still runs then; kUnavailable when the
    // zygote is gone, and the child with it.
    Result<int> wait_for_end(Clock::time_point until);
    void kill();
    bool was_killed() const { return was_killed_; }

private:
    HeldChild(std::uint64_t id, UniqueFd socket, UniqueFd status)
        : id_(id), socket_(std::move(socket)), status_(std::move(status)) {}
    Result<JobStatus> read_status(UniqueFd* pidfd);

    std::uint64_t id_;
    UniqueFd socket_, status_, pidfd_;
    bool was_killed_ = false;
};

// What a child's end means: nothing when it ended by itself and well. From waitpid's status.
std::optional<Error> judge_end(int wait_status, bool was_killed_by_us);

// The reply that lies in the socket; kCrashed ("bad_reply") when it is no answer to `request`,
// kUnavailable when there is none.
Result<ParsedReply> read_reply(int socket, const JobRequest& request);

}  // namespace pixgate::imaging
