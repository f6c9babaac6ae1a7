#include "imaging/sandbox/held_child.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "imaging/sandbox/without_padding.h"

namespace pixgate::imaging {
namespace {

Result<std::array<UniqueFd, 2>> make_socket_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail(
            Errc::kUnavailable, std::string("sandbox: socketpair: ") + std::strerror(errno)
        );
    return std::array{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

HandedFds::HandedFds(std::span<const int> first, const JobRequest& request, const JobFds& fds) {
    for (const int fd : first) fds_.at(count_++) = fd;
    if (request.input_bytes > 0) fds_.at(count_++) = fds.input;
    if (fds.output >= 0) fds_.at(count_++) = fds.output;
}

Result<HeldChild> HeldChild::start(
    int control, const JobRequest& request, const JobFds& fds, Clock::time_point until
) {
    TRY(auto reply, make_socket_pair());
    TRY(auto status, make_socket_pair());
    const std::array<int, 2> sockets{reply[1].get(), status[1].get()};
    const HandedFds handed(sockets, request, fds);
    CHECK_OK(send_message(control, without_padding(request), handed.get(), until));
    // Our copies of the far ends go, so that a dead zygote is seen as a closed socket.
    reply[1].reset();
    status[1].reset();
    HeldChild child(request.id, std::move(reply[0]), std::move(status[0]));
    if (!wait_readable(std::array{child.status_.get()}, until))
        return fail(Errc::kUnavailable, "sandbox: the zygote does not answer");
    TRY(const JobStatus started, child.read_status(&child.pidfd_));
    if (started.event != JobEvent::kStarted)
        return fail(Errc::kUnavailable, "sandbox: no child could be started");
    return child;
}

// The zygote is ours, so its words are checked only as far as a dying process may garble them.
Result<JobStatus> HeldChild::read_status(UniqueFd* pidfd) {
    JobStatus status;
    auto message = receive_message(status_.get(), writable_bytes_of(status), 1);
    if (!message || message->bytes != sizeof status || status.magic != kProtocolMagic ||
        status.id != id_)
        return fail(Errc::kUnavailable, "sandbox: the zygote is gone");
    if (pidfd != nullptr) *pidfd = std::move(message->fds[0]);
    return status;
}

Result<int> HeldChild::wait_for_end(Clock::time_point until) {
    if (!wait_readable(std::array{status_.get()}, until))
        return fail(Errc::kDeadlineExceeded, "sandbox: the child took too long", "too_slow");
    TRY(const JobStatus ended, read_status(nullptr));
    if (ended.event != JobEvent::kEnded)
        return fail(Errc::kUnavailable, "sandbox: the zygote is confused");
    return ended.wait_status;
}

void HeldChild::kill() {
    was_killed_ = true;
    if (pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

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

Result<ParsedReply> read_reply(int socket, const JobRequest& request) {
    std::array<std::byte, sizeof(JobReply)> raw{};
    // No room for descriptors: what a child might send along is dropped by the kernel.
    const auto message = receive_message(socket, raw, 0);
    if (!message || message->bytes == 0)
        return fail(Errc::kUnavailable, "sandbox: the child has said nothing");
    const Bytes bytes(
        reinterpret_cast<const std::uint8_t*>(raw.data()), std::min(message->bytes, raw.size())
    );
    auto reply = message->bytes > raw.size() ? std::nullopt : parse_reply(bytes, request);
    if (!reply) return fail(Errc::kCrashed, "sandbox: the child's answer is bad", "bad_reply");
    return *std::move(reply);
}

}  // namespace pixgate::imaging
