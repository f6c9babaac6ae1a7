#include "imaging/sandbox/lockdown.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace pixgate::imaging {
namespace {

constexpr rlim_t kMaxFds = 8;
constexpr rlim_t kCpuGraceSeconds = 1;

// Landlock's newer fields and rights, which Debian 12's headers do not name (kernel
// Documentation/userspace-api/landlock.rst).
struct LandlockRules {
    std::uint64_t files = 0;
    std::uint64_t network = 0;  // ABI 4
    std::uint64_t scoped = 0;   // ABI 6
};
constexpr std::uint64_t kFilesAbi1 = (1ULL << 13) - 1;
constexpr std::uint64_t kRefer = 1ULL << 13;     // ABI 2
constexpr std::uint64_t kTruncate = 1ULL << 14;  // ABI 3
constexpr std::uint64_t kIoctlDev = 1ULL << 15;  // ABI 5
constexpr std::uint64_t kNetworkAll = 3;
constexpr std::uint64_t kScopeAll = 3;

long landlock_create(const LandlockRules* rules, std::size_t bytes, std::uint32_t flags) {
    return ::syscall(SYS_landlock_create_ruleset, rules, bytes, flags);
}

// A rule set that handles everything and allows nothing.
UniqueFd make_landlock_rules(int abi) {
    LandlockRules rules;
    rules.files = kFilesAbi1;
    if (abi >= 2) rules.files |= kRefer;
    if (abi >= 3) rules.files |= kTruncate;
    if (abi >= 5) rules.files |= kIoctlDev;
    if (abi >= 4) rules.network = kNetworkAll;
    if (abi >= 6) rules.scoped = kScopeAll;
    const std::size_t bytes = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    return UniqueFd(static_cast<int>(landlock_create(&rules, bytes, 0)));
}

std::uint64_t own_address_space() {
    const UniqueFd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
    std::array<char, 64> text{};
    if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0) return 0;
    const auto pages = std::strtoull(text.data(), nullptr, 10);
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

bool set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
    const rlimit limit{soft, hard};
    return ::setrlimit(resource, &limit) == 0;
}

}  // namespace

Result<Lockdown> Lockdown::prepare() {
    Lockdown lockdown;
    TRY(lockdown.filter_, compile_call_filter(ChildKind::kOneJob));
    TRY(lockdown.worker_filter_, compile_call_filter(ChildKind::kWorker));
    const long abi = landlock_create(nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    lockdown.landlock_abi_ = abi > 0 ? static_cast<int>(abi) : 0;
    if (abi > 0) lockdown.landlock_rules_ = make_landlock_rules(lockdown.landlock_abi_);
    if (!lockdown.landlock_rules_) lockdown.landlock_abi_ = 0;
    lockdown.own_address_space_bytes_ = own_address_space();
    return lockdown;
}

bool Lockdown::limit_resources(ChildKind kind, const Limits& limits) const {
    bool ok = set_limit(RLIMIT_NOFILE, kMaxFds, kMaxFds) && set_limit(RLIMIT_CORE, 0, 0);
    if (kind == ChildKind::kOneJob) {
        const rlim_t cpu_seconds = limits.max_wall_ms / 1000 + kCpuGraceSeconds;
        ok = ok && set_limit(RLIMIT_CPU, cpu_seconds, cpu_seconds + kCpuGraceSeconds);
    }
#ifndef PIXGATE_SANITIZED
    // Sanitizers reserve terabytes of shadow memory and write reports, so their builds go without.
    const rlim_t memory = own_address_space_bytes_ + limits.max_memory_bytes;
    ok = ok && set_limit(RLIMIT_FSIZE, 0, 0) && set_limit(RLIMIT_AS, memory, memory);
#endif
    return ok;
}

bool Lockdown::restrict_calls(ChildKind kind) const {
    const auto& filter = kind == ChildKind::kWorker ? worker_filter_ : filter_;
    sock_fprog program{};
    program.len = static_cast<unsigned short>(filter.size());
    program.filter = const_cast<sock_filter*>(filter.data());
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool Lockdown::put_on(ChildKind kind, const Limits& limits, int parent_pid) const {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent_pid) return false;
#ifndef PIXGATE_SANITIZED  // a sanitizer may have a thread of its own
    // What follows holds this thread and those it starts: there must be no other one. This changes
    // nothing, and fails where there is.
    if (::unshare(CLONE_THREAD) != 0) return false;
#endif
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return false;
    if (landlock_rules_ && ::syscall(SYS_landlock_restrict_self, landlock_rules_.get(), 0) != 0)
        return false;
    if (!limit_resources(kind, limits)) return false;
    if (::close_range(kChildReplyFd + 1, ~0U, 0) != 0) return false;
    return restrict_calls(kind);
}

}  // namespace pixgate::imaging
