#include "imaging/sandbox/spare_child.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "imaging/sandbox/held_child.h"
#include "imaging/sandbox/zygote_start.h"

namespace pixgate::imaging {
namespace {

[[noreturn]] void await_job(int socket, const Lockdown& lockdown, int parent_pid) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent_pid) ::_exit(0);
    ::prctl(PR_SET_NAME, "pixgate-spare");
    JobRequest request;
    auto message = await_message(socket, writable_bytes_of(request), kMaxMessageFds);
    // Less than that: the zygote is gone, or has another child for the job.
    if (!message || message->bytes != sizeof request) ::_exit(0);
    const auto fds = fds_of(request, *message, 1);
    if (!fds) ::_exit(kExitBadInput);
    ::prctl(PR_SET_NAME, "pixgate-sandbox");
    run_child(request, *fds, lockdown, parent_pid);
}

}  // namespace

pid_t fork_child() {
    const pid_t pid = ::fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
    }
    return pid;
}

UniqueFd pidfd_of(pid_t pid) {
    return UniqueFd(pid < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

std::optional<SpareChild> SpareChild::fork_off(
    const Lockdown& lockdown, const std::function<void()>& let_go
) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return std::nullopt;
    UniqueFd ours(ends[0]), theirs(ends[1]);
    const int own_pid = ::getpid();
    const pid_t pid = fork_child();
    if (pid == 0) {
        ours.reset();
        let_go();
        ::close(kControlFd);
        await_job(theirs.get(), lockdown, own_pid);
    }
    if (pid < 0) return std::nullopt;
    return SpareChild(pid, std::move(ours));
}

bool SpareChild::take_job(const JobRequest& request, const ChildFds& fds) const {
    const std::array<int, 1> reply{fds.reply};
    const HandedFds handed(reply, request, {.input = fds.input, .output = fds.output});
    return pidfd_ &&
           send_message(socket_.get(), bytes_of(request), handed.get(), Clock::now()).has_value();
}

}  // namespace pixgate::imaging
