#include "imaging/sandbox/hostile_acts.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace pixgate::imaging {
namespace {

constexpr int kReplyFd = 3;
constexpr int kMaxFds = 1024;
constexpr std::size_t kPageBytes = 4096;

int errno_unless(bool succeeded) {
    return succeeded ? 0 : errno;
}

// Of calls whose success depends on what is there: whoever got as far as an answer of another kind
// was not stopped.
int errno_if_forbidden(bool succeeded) {
    const bool is_forbidden = errno == EPERM || errno == EACCES || errno == ENOSYS;
    return !succeeded && is_forbidden ? errno : 0;
}

int connect_somewhere() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return errno_if_forbidden(
        ::connect(kReplyFd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
    );
}

int run_program() {
    char program[] = "/bin/true";
    char* arguments[] = {program, nullptr};
    return errno_if_forbidden(::execve(program, arguments, nullptr) == 0);
}

int start_process() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    return errno_unless(child > 0);
}

int map_executable(bool at_once) {
    void* page = ::mmap(
        nullptr, kPageBytes, PROT_READ | PROT_WRITE | (at_once ? PROT_EXEC : 0),
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0
    );
    if (page == MAP_FAILED) return errno;
    return at_once ? 0 : errno_unless(::mprotect(page, kPageBytes, PROT_READ | PROT_EXEC) == 0);
}

int take_memory(std::uint64_t bytes) {
    void* block = ::mmap(
        nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0
    );
    return errno_unless(block != MAP_FAILED);
}

[[noreturn]] void spin() {
    for (volatile std::uint64_t turns = 0;; turns = turns + 1) {
    }
}

[[noreturn]] void hog_memory() {
    constexpr std::size_t kBlockBytes = 1 << 20;
    for (;;) {
        char* block = new char[kBlockBytes];
        std::memset(block, 1, kBlockBytes);
        // Keeps the compiler from leaving the block out.
        asm volatile("" : : "r"(block) : "memory");
    }
}

int sleep_past(std::uint32_t wall_ms) {
    const timespec time{static_cast<time_t>(wall_ms / 1000 + 2), 0};
    return errno_unless(::nanosleep(&time, nullptr) == 0);
}

int count_fds() {
    int count = 0;
    for (int fd = 0; fd < kMaxFds; ++fd) {
        if (::lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF) ++count;
    }
    return count;
}

}  // namespace

std::string_view name_of(Act act) {
    constexpr std::array<std::string_view, static_cast<std::size_t>(kLastAct) + 1> kNames{
        "nothing",        "open_socket",     "connect",
        "read_file",      "write_file",      "run_program",
        "fork",           "trace",           "kill_other",
        "map_executable", "make_executable", "take_memory",
        "spin",           "crash",           "hog_memory",
        "exit_silently",  "answer_garbage",  "answer_for_other_job",
        "answer_late",    "answer_twice",    "claim_too_much",
        "count_fds",
    };
    const auto i = static_cast<std::size_t>(act);
    return i < kNames.size() ? kNames[i] : "unknown";
}

int perform(Act act, const ActBounds& bounds) {
    switch (act) {
        case Act::kOpenSocket:
            return errno_unless(::socket(AF_INET, SOCK_STREAM, 0) >= 0);
        case Act::kConnect:
            return connect_somewhere();
        case Act::kReadFile:
            return errno_if_forbidden(::open("/etc/passwd", O_RDONLY) >= 0);
        case Act::kWriteFile:
            return errno_if_forbidden(
                ::openat(AT_FDCWD, "/tmp/pixgate-act", O_WRONLY | O_CREAT, 0600) >= 0
            );
        case Act::kRunProgram:
            return run_program();
        case Act::kFork:
            return start_process();
        case Act::kTrace:
            return errno_unless(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0);
        case Act::kKillOther:
            return errno_unless(::kill(0, 0) == 0);
        case Act::kMapExecutable:
            return map_executable(true);
        case Act::kMakeExecutable:
            return map_executable(false);
        case Act::kTakeMemory:
            return take_memory(bounds.memory_bytes + (std::uint64_t{1} << 30));
        case Act::kSpin:
            spin();
        case Act::kCrash:
            __builtin_trap();
        case Act::kHogMemory:
            hog_memory();
        case Act::kAnswerLate:
            return sleep_past(bounds.wall_ms);
        case Act::kCountFds:
            return count_fds();
        default:
            return 0;
    }
}

}  // namespace pixgate::imaging
