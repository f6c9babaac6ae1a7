#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "imaging/sandbox/zygote.h"
#include "imaging/sandbox/zygote_start.h"

namespace pixgate::imaging {
namespace {

class SpawnActions {
public:
    SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
    ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
    SpawnActions(const SpawnActions&) = delete;
    SpawnActions& operator=(const SpawnActions&) = delete;

    // The zygote has /dev/null as 0, 1 and 2, and `control` as kControlFd; no more.
    bool fill(int control) {
        bool ok = true;
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
            ok &= ::posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0) == 0;
        }
#ifndef PIXGATE_SANITIZED  // a sanitizer's report is worth having
        ok &= ::posix_spawn_file_actions_adddup2(&actions_, STDIN_FILENO, STDERR_FILENO) == 0;
#endif
        ok &= ::posix_spawn_file_actions_adddup2(&actions_, control, kControlFd) == 0;
        ok &= ::posix_spawn_file_actions_addclosefrom_np(&actions_, kControlFd + 1) == 0;
        return ok;
    }
    const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

}  // namespace

Result<ZygoteProcess> start_zygote() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail(
            Errc::kUnavailable, std::string("sandbox: socketpair: ") + std::strerror(errno)
        );
    UniqueFd ours(ends[0]), theirs(ends[1]);
    // posix_spawn's dup2 onto itself would leave close-on-exec set.
    if (theirs.get() == kControlFd) {
        UniqueFd moved(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, kControlFd + 1));
        theirs = std::move(moved);
    }
    SpawnActions actions;
    if (!actions.fill(theirs.get())) return fail(Errc::kInternal, "sandbox: spawn actions");

    std::string name = "pixgate-sandbox", argument(kZygoteArgument);
    std::array<char*, 3> arguments{name.data(), argument.data(), nullptr};
    // Orc, the run-time compiler in libvips 8.14, needs files and executable memory. Some
    // operations (smartcrop, find_trim) have it compile what they then do not use, unless it is
    // told not to.
    std::string no_orc = "VIPS_NOVECTOR=1", no_code = "ORC_CODE=emulate";
    std::string one_arena = "MALLOC_ARENA_MAX=1";
    // Where libvips looks for modules: nowhere. vips_setup.cpp loads the only one that is wanted.
    std::string no_modules = "VIPSHOME=/nonexistent";
    // Symbols are looked up once, here, and not in each child.
    std::string bind_now = "LD_BIND_NOW=1";
    std::array<char*, 7> environment{no_orc.data(),    no_code.data(),
                                     one_arena.data(), no_modules.data(),
                                     bind_now.data(),  nullptr,
                                     nullptr};
#ifdef PIXGATE_FAILPOINTS
    std::string points = "PIXGATE_FAILPOINTS=";
    if (const char* text = std::getenv("PIXGATE_FAILPOINTS")) points += text;
    environment[5] = points.data();
#endif
    ZygoteProcess zygote;
    const int error = ::posix_spawn(
        &zygote.pid, "/proc/self/exe", actions.get(), nullptr, arguments.data(), environment.data()
    );
    if (error != 0)
        return fail(Errc::kUnavailable, std::string("sandbox: spawn: ") + std::strerror(error));
    zygote.control = std::move(ours);
    return zygote;
}

}  // namespace pixgate::imaging
