#include "imaging/sandbox/keeper.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>

#include "base/log.h"

namespace pixgate::imaging {
namespace {

using Clock = std::chrono::steady_clock;

void end_process(int pid) {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace

// One thread watches the control socket: it reads the hello, sees the end, and starts the next
// zygote. It is the only thread that starts one, because a zygote dies with the thread it comes
// from.
struct ZygoteKeeper::State {
    void watch();
    void read_hello(int socket);
    void take(ZygoteProcess zygote);
    void lose();
    bool may_restart();
    // False when the keeper is to stop.
    bool wait_for(Clock::duration time) const;

    std::size_t max_restarts = 0;
    std::chrono::milliseconds restart_window{0};
    UniqueFd stop;  // eventfd

    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    std::shared_ptr<UniqueFd> control;
    int pid = -1;
    std::optional<ZygoteHello> hello;
    std::deque<Clock::time_point> restarts;  // watcher only

    std::thread watcher;
};

void ZygoteKeeper::State::take(ZygoteProcess zygote) {
    const std::scoped_lock lock(mutex);
    control = std::make_shared<UniqueFd>(std::move(zygote.control));
    pid = zygote.pid;
    hello.reset();
}

void ZygoteKeeper::State::lose() {
    int lost = -1;
    {
        const std::scoped_lock lock(mutex);
        control.reset();
        hello.reset();
        lost = std::exchange(pid, -1);
    }
    end_process(lost);
}

void ZygoteKeeper::State::read_hello(int socket) {
    ZygoteHello said;
    const auto message = receive_message(socket, writable_bytes_of(said), 0);
    if (!message || message->bytes != sizeof said || said.magic != kProtocolMagic) return;
    said.error.back() = 0;
    if (!said.is_ready) log::error("sandbox cannot start", {{"error", said.error.data()}});
    const std::scoped_lock lock(mutex);
    hello = said;
    changed.notify_all();
}

bool ZygoteKeeper::State::may_restart() {
    const auto now = Clock::now();
    while (!restarts.empty() && restarts.front() < now - restart_window) restarts.pop_front();
    if (restarts.size() >= max_restarts) return false;
    restarts.push_back(now);
    return true;
}

bool ZygoteKeeper::State::wait_for(Clock::duration time) const {
    pollfd waiting{stop.get(), POLLIN, 0};
    const auto limit = std::chrono::ceil<std::chrono::milliseconds>(time).count();
    return ::poll(&waiting, 1, static_cast<int>(limit)) == 0;
}

void ZygoteKeeper::State::watch() {
    for (;;) {
        std::shared_ptr<UniqueFd> socket;
        {
            const std::scoped_lock lock(mutex);
            socket = control;
        }
        if (socket) {
            std::array<pollfd, 2> waiting{
                pollfd{stop.get(), POLLIN, 0}, pollfd{socket->get(), POLLIN, 0}
            };
            if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
            if (waiting[0].revents != 0) return;
            if ((waiting[1].revents & POLLIN) != 0) read_hello(socket->get());
            if ((waiting[1].revents & (POLLHUP | POLLERR)) == 0) continue;
            socket.reset();
            lose();
            log::error("sandbox zygote ended");
        }
        if (!may_restart()) {
            if (!wait_for(restart_window / 4)) return;
            continue;
        }
        auto next = start_zygote();
        if (next) {
            take(*std::move(next));
        } else {
            log::failure(log::Level::kError, "sandbox zygote cannot be started", next.error());
            if (!wait_for(std::chrono::milliseconds(100))) return;
        }
    }
}

ZygoteKeeper::ZygoteKeeper(
    ZygoteProcess zygote, std::size_t max_restarts, std::chrono::milliseconds restart_window
)
    : state_(std::make_unique<State>()) {
    state_->max_restarts = max_restarts;
    state_->restart_window = restart_window;
    state_->stop.reset(::eventfd(0, EFD_CLOEXEC));
    state_->take(std::move(zygote));
    state_->watcher = std::thread([state = state_.get()] { state->watch(); });
}

ZygoteKeeper::~ZygoteKeeper() {
    const std::uint64_t one = 1;
    (void)!::write(state_->stop.get(), &one, sizeof one);
    state_->watcher.join();
    state_->lose();
}

Result<std::shared_ptr<UniqueFd>> ZygoteKeeper::control() const {
    const std::scoped_lock lock(state_->mutex);
    if (!state_->control) return fail(Errc::kUnavailable, "sandbox: no zygote now");
    return state_->control;
}

Result<Protections> ZygoteKeeper::protections(std::chrono::milliseconds limit) const {
    std::unique_lock lock(state_->mutex);
    if (!state_->changed.wait_for(lock, limit, [this] { return state_->hello.has_value(); }))
        return fail(Errc::kUnavailable, "sandbox: the zygote is not up");
    if (!state_->hello->is_ready)
        return fail(Errc::kUnavailable, std::string("sandbox: ") + state_->hello->error.data());
    return state_->hello->protections;
}

int ZygoteKeeper::pid() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->pid;
}

}  // namespace pixgate::imaging
