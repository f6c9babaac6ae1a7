#include "imaging/sandbox/job.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>

namespace pixgate::imaging {
namespace {

using Clock = std::chrono::steady_clock;

// For what needs no decoding: the fork itself, and the end after a kill.
constexpr std::chrono::seconds kZygoteLimit{10};

Result<std::array<UniqueFd, 2>> make_socket_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail(
            Errc::kUnavailable, std::string("sandbox: socketpair: ") + std::strerror(errno)
        );
    return std::array{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

class Job {
public:
    Job(const JobRequest& request, UniqueFd reply, UniqueFd status)
        : request_(request), reply_(std::move(reply)), status_(std::move(status)) {}

    Result<ParsedReply> watch();

private:
    // Until the status socket speaks or `deadline` has passed.
    bool wait_for_status(Clock::time_point deadline) const;
    Result<JobStatus> read_status(UniqueFd* pidfd);
    void kill_child();
    Result<ParsedReply> judge(int wait_status);

    const JobRequest& request_;
    UniqueFd reply_, status_, pidfd_;
    bool was_killed_ = false;
};

bool Job::wait_for_status(Clock::time_point deadline) const {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return false;
        pollfd waiting{status_.get(), POLLIN, 0};
        const int ready = ::poll(&waiting, 1, static_cast<int>(left));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

// The zygote is ours, so its words are checked only as far as a dying process may garble them.
Result<JobStatus> Job::read_status(UniqueFd* pidfd) {
    JobStatus status;
    auto message = receive_message(status_.get(), writable_bytes_of(status), 1);
    if (!message || message->bytes != sizeof status || status.magic != kProtocolMagic ||
        status.id != request_.id)
        return fail(Errc::kUnavailable, "sandbox: the zygote is gone");
    if (pidfd != nullptr) *pidfd = std::move(message->fds[0]);
    return status;
}

void Job::kill_child() {
    was_killed_ = true;
    if (pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

Result<ParsedReply> Job::watch() {
    if (!wait_for_status(Clock::now() + kZygoteLimit))
        return fail(Errc::kUnavailable, "sandbox: the zygote does not answer");
    TRY(const JobStatus started, read_status(&pidfd_));
    if (started.event != JobEvent::kStarted)
        return fail(Errc::kUnavailable, "sandbox: no child could be started");
    if (!wait_for_status(Clock::now() + std::chrono::milliseconds(request_.limits.max_wall_ms))) {
        kill_child();
        if (!wait_for_status(Clock::now() + kZygoteLimit))
            return fail(Errc::kDeadlineExceeded, "sandbox: the child took too long", "too_slow");
    }
    TRY(const JobStatus ended, read_status(nullptr));
    if (ended.event != JobEvent::kEnded)
        return fail(Errc::kUnavailable, "sandbox: the zygote is confused");
    return judge(ended.wait_status);
}

Result<ParsedReply> Job::judge(int wait_status) {
    if (auto error = judge_end(wait_status, was_killed_)) return std::unexpected(*std::move(error));
    std::array<std::byte, sizeof(JobReply)> raw{};
    // No room for descriptors: what a child might send along is dropped by the kernel.
    const auto message = receive_message(reply_.get(), raw, 0);
    const Bytes bytes(
        reinterpret_cast<const std::uint8_t*>(raw.data()), message ? message->bytes : 0
    );
    auto reply = parse_reply(bytes, request_.id, request_.output_bytes);
    if (!reply) return fail(Errc::kCrashed, "sandbox: the child's answer is bad", "bad_reply");
    return *std::move(reply);
}

}  // namespace

std::optional<Error> judge_end(int wait_status, bool was_killed_by_us) {
    const auto crashed = [](std::string what, std::string reason) {
        return fail(Errc::kCrashed, "sandbox: the child " + what, std::move(reason)).error();
    };
    if (WIFEXITED(wait_status)) {
        const int code = WEXITSTATUS(wait_status);
        if (code == 0) return std::nullopt;
        if (code == kExitOutOfMemory) return crashed("ran out of memory", "out_of_memory");
        if (code == kExitNotLocked)
            return fail(Errc::kUnavailable, "sandbox: the child could not lock itself in").error();
        return crashed("ended with code " + std::to_string(code), "exit_" + std::to_string(code));
    }
    const int signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    if (signal == SIGXCPU || (signal == SIGKILL && was_killed_by_us))
        return fail(Errc::kDeadlineExceeded, "sandbox: the child took too long", "too_slow")
            .error();
    if (signal == SIGSYS) return crashed("made a forbidden system call", "policy_violation");
    return crashed("died of signal " + std::to_string(signal), "signal_" + std::to_string(signal));
}

Result<ParsedReply> run_job(int control, const JobRequest& request, const JobFds& fds) {
    TRY(auto reply, make_socket_pair());
    TRY(auto status, make_socket_pair());
    std::array<int, 4> handed{reply[1].get(), status[1].get(), -1, -1};
    std::size_t count = 2;
    if (request.input_bytes > 0) handed.at(count++) = fds.input;
    if (request.output_bytes > 0) handed.at(count++) = fds.output;
    CHECK_OK(send_message(control, bytes_of(request), std::span(handed).first(count)));
    // Our copies of the far ends go, so that a dead zygote is seen as a closed socket.
    reply[1].reset();
    status[1].reset();
    return Job(request, std::move(reply[0]), std::move(status[0])).watch();
}

}  // namespace pixgate::imaging
