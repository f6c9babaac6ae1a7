#include "imaging/sandbox/zygote.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "imaging/sandbox/child.h"
#include "imaging/sandbox/lockdown.h"
#include "imaging/sandbox/namespaces.h"
#include "imaging/sandbox/protocol.h"
#include "imaging/sandbox/spare_child.h"
#include "imaging/sandbox/zygote_start.h"
#include "imaging/vips_setup.h"

namespace pixgate::imaging {
namespace {

// libheif starts a thread for each tile, about a hundred for one phone picture; with the usual 8
// MiB for each stack they would not fit under the memory limit.
constexpr std::size_t kThreadStackBytes = 1 << 20;
constexpr std::size_t kMaxChildren = 256;
// Larger than any free block that start-up leaves, smaller than what malloc maps by itself.
constexpr std::size_t kSortingBytes = 100 << 10;

class Zygote {
public:
    explicit Zygote(Lockdown lockdown) : lockdown_(std::move(lockdown)) {}

    // Until the control socket closes. The exit code.
    int serve();

private:
    bool take_request();  // false when the parent is gone
    void start_child(const JobRequest& request, Message& message);
    // The child's pid and pidfd; -1 where there is none to be had.
    std::pair<pid_t, UniqueFd> child_for(const JobRequest& request, const ChildFds& fds);
    void make_spare();
    void collect_children();
    static void tell(int status_socket, const JobStatus& status, int pidfd = -1);

    struct Child {
        std::uint64_t job = 0;
        UniqueFd status;
    };
    Lockdown lockdown_;
    UniqueFd child_signals_;
    std::unordered_map<pid_t, Child> children_;
    std::optional<SpareChild> spare_;
    bool is_spare_wanted_ = true;
};

int Zygote::serve() {
    sigset_t child_signal;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child_signal, nullptr);
    child_signals_ = UniqueFd(::signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!child_signals_) return 1;
    for (;;) {
        std::array<pollfd, 2> waiting{
            pollfd{kControlFd, POLLIN, 0}, pollfd{child_signals_.get(), POLLIN, 0}
        };
        // The next spare is made when nobody waits.
        const int ready = ::poll(waiting.data(), waiting.size(), is_spare_wanted_ ? 0 : -1);
        if (ready == 0) make_spare();
        if (ready <= 0) continue;
        if (waiting[1].revents != 0) collect_children();
        if (waiting[0].revents != 0 && !take_request()) return 0;
    }
}

bool Zygote::take_request() {
    JobRequest request;
    auto message = receive_message(kControlFd, writable_bytes_of(request), kMaxMessageFds);
    if (!message) return true;
    if (message->bytes != sizeof request || request.magic != kProtocolMagic) return false;
    start_child(request, *message);
    return true;
}

void Zygote::start_child(const JobRequest& request, Message& message) {
    if (message.fd_count < 2) return;
    UniqueFd status = std::move(message.fds[1]);
    JobStatus refused{.id = request.id, .event = JobEvent::kNotStarted};
    const auto fds = fds_of(request, message, 2);
    if (!fds || children_.size() >= kMaxChildren) return tell(status.get(), refused);
    const auto [pid, pidfd] = child_for(request, *fds);
    if (pid < 0) return tell(status.get(), refused);
    tell(status.get(), {.id = request.id, .event = JobEvent::kStarted}, pidfd.get());
    children_[pid] = {request.id, std::move(status)};
}

std::pair<pid_t, UniqueFd> Zygote::child_for(const JobRequest& request, const ChildFds& fds) {
    const bool is_worker = request.kind == JobKind::kWorker;
    if (!is_worker) {
        is_spare_wanted_ = true;
        auto spare = std::exchange(spare_, std::nullopt);
        if (spare && spare->take_job(request, fds))
            return {spare->pid(), std::move(*spare).pidfd()};
    }
    const int own_pid = ::getpid();
    const pid_t pid = fork_child();
    if (pid == 0) {
        if (is_worker) run_worker(request, fds, lockdown_, own_pid);
        run_child(request, fds, lockdown_, own_pid);
    }
    return {pid, pidfd_of(pid)};
}

void Zygote::make_spare() {
    is_spare_wanted_ = false;
    spare_ = SpareChild::fork_off(lockdown_, [this] {
        child_signals_.reset();
        children_.clear();
    });
}

void Zygote::collect_children() {
    signalfd_siginfo ignored;
    while (::read(child_signals_.get(), &ignored, sizeof ignored) > 0) {
    }
    int wait_status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &wait_status, WNOHANG)) > 0;) {
        if (spare_ && spare_->pid() == pid) spare_.reset();
        const auto it = children_.find(pid);
        if (it == children_.end()) continue;
        tell(
            it->second.status.get(),
            {.id = it->second.job, .event = JobEvent::kEnded, .wait_status = wait_status}
        );
        children_.erase(it);
    }
}

void Zygote::tell(int status_socket, const JobStatus& status, int pidfd) {
    const std::array<int, 1> fds{pidfd};
    // The parent may have given the job up; then nobody wants to know.
    (void)send_message(
        status_socket, bytes_of(status),
        pidfd >= 0 ? std::span<const int>(fds) : std::span<const int>(), Clock::now()
    );
}

Result<Lockdown> make_ready() {
    ::mallopt(M_ARENA_MAX, 1);
    CHECK_OK(start_vips());
    ::tzset();  // reads /etc/localtime, which is out of reach later
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) == 0) {
        ::pthread_attr_setstacksize(&attributes, kThreadStackBytes);
        ::pthread_setattr_default_np(&attributes);
        ::pthread_attr_destroy(&attributes);
    }
    return Lockdown::prepare();
}

// Free memory is sorted once, here: a child that did it would copy each page that it touches.
void settle_heap() {
    ::malloc_trim(0);
    void* volatile large = std::malloc(kSortingBytes);
    std::free(large);
}

int run_zygote(Protections protections) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "pixgate-sandbox");
    auto lockdown = make_ready();
    ZygoteHello hello;
    if (lockdown) {
#ifndef PIXGATE_SANITIZED  // sanitizers read /proc/self/maps for their reports
        enter_empty_root(protections);
        protections.memory_limit = true;
#endif
        protections.seccomp = true;
        protections.landlock_abi = lockdown->landlock_abi();
        hello.is_ready = true;
    } else {
        set_text(hello.error, lockdown.error().message);
    }
    hello.protections = protections;
    if (!send_message(kControlFd, bytes_of(hello), {}, Clock::now()) || !lockdown) return 1;
    settle_heap();
    return Zygote(*std::move(lockdown)).serve();
}

// Where the kernel runs out of memory, a picture goes and not the server. All children have it too.
void be_killed_first() {
    const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (file) (void)!::write(file.get(), "1000", 4);
}

bool is_control_socket(int fd) {
    int type = 0;
    socklen_t bytes = sizeof type;
    return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 && type == SOCK_SEQPACKET;
}

}  // namespace

std::optional<int> run_if_zygote(int argc, char** argv) {
    if (argc != 2 || std::string_view(argv[1]) != kZygoteArgument) return std::nullopt;
    if (!is_control_socket(kControlFd)) return 2;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Ctrl-C reaches the whole process group, but the server wants to finish what is under way:
    // only the control socket says when to end.
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, SIG_IGN);
    ::setsid();
    be_killed_first();
    Protections protections;
    enter_namespaces(protections);
    // Not before: only the owner of a dumpable process can write the maps of its namespace.
    ::prctl(PR_SET_DUMPABLE, 0);
    if (!protections.pid_namespace) return run_zygote(protections);
    // The zygote proper is process 1 of its namespace: when it ends, the kernel ends all its
    // children. This process only waits, so that the parent has a child of its own to end.
    const pid_t pid = ::fork();
    if (pid == 0) return run_zygote(protections);
    ::close(kControlFd);
    int wait_status = 0;
    while (pid > 0 && ::waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) {
    }
    return pid > 0 && WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 1;
}

}  // namespace pixgate::imaging
