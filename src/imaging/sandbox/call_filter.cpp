// Which system calls a decoder may make. Everything that is not named here kills the process, so
// that an attempt is seen. Measured with libvips 8.14 on JPEG, PNG, GIF, WebP, AVIF, HEIC and TIFF.
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "imaging/sandbox/lockdown.h"

namespace pixgate::imaging {
namespace {

constexpr std::array kAllowed{
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    // memory
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    // threads and time
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(restart_syscall),
    // signals of its own
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getrandom),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

#ifdef PIXGATE_SANITIZED
// Sanitizers ask the kernel through a pipe whether an address can be read.
constexpr std::array kForSanitizers{SCMP_SYS(pipe), SCMP_SYS(pipe2)};
#else
constexpr std::array<int, 0> kForSanitizers{};
#endif

struct Denied {
    int call;
    int error;
};

// What libraries ask for in passing and can do without: refused with an error instead of death.
constexpr std::array kDenied{
    Denied{SCMP_SYS(open), EACCES},
    Denied{SCMP_SYS(openat), EACCES},
    Denied{SCMP_SYS(stat), EACCES},
    Denied{SCMP_SYS(newfstatat), EACCES},
    Denied{SCMP_SYS(access), EACCES},
    Denied{SCMP_SYS(readlink), EACCES},
    Denied{SCMP_SYS(ioctl), ENOTTY},
    Denied{SCMP_SYS(prlimit64), EPERM},
    Denied{SCMP_SYS(sysinfo), EPERM},
    Denied{SCMP_SYS(uname), EPERM},
    // clone3 hides its flags behind a pointer; glibc then falls back to clone, whose flags are
    // seen.
    Denied{SCMP_SYS(clone3), ENOSYS},
    // abort() sends itself a signal. Refused, it ends in a fault instead, which is reported as the
    // crash it is and not as an attempt to break out.
    Denied{SCMP_SYS(kill), EPERM},
    Denied{SCMP_SYS(tkill), EPERM},
    Denied{SCMP_SYS(tgkill), EPERM},
};

constexpr scmp_datum_t kThreadFlags =
    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
constexpr scmp_datum_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
                                         CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

bool add_rules(scmp_filter_ctx filter, ChildKind kind) {
    bool ok = true;
    for (const int call : kAllowed) ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
    for (const int call : kForSanitizers)
        ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
    for (const auto [call, error] : kDenied) {
        ok &= seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call, 0) == 0;
    }
    // No memory is ever executable but the program's own text.
    const scmp_arg_cmp no_exec{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
        ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, no_exec) == 0;
    // Threads, but no processes and no namespaces.
    const scmp_arg_cmp thread{0, SCMP_CMP_MASKED_EQ, kThreadFlags | kNamespaceFlags, kThreadFlags};
    ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, thread) == 0;
    const scmp_arg_cmp set_name{0, SCMP_CMP_EQ, PR_SET_NAME, 0};
    ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, set_name) == 0;
    if (kind == ChildKind::kWorker) {  // its next job
        const scmp_arg_cmp own_socket{0, SCMP_CMP_EQ, kChildReplyFd, 0};
        ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(recvmsg), 1, own_socket) == 0;
    }
    return ok;
}

}  // namespace

Result<std::vector<sock_filter>> compile_call_filter(ChildKind kind) {
    const std::unique_ptr<void, decltype(&seccomp_release)> filter(
        seccomp_init(SCMP_ACT_KILL_PROCESS), &seccomp_release
    );
    if (!filter || !add_rules(filter.get(), kind))
        return fail(Errc::kInternal, "sandbox: the seccomp filter cannot be made");
    // A decision tree instead of a list: fewer steps for each call.
    seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    const UniqueFd file(static_cast<int>(::memfd_create("call-filter", MFD_CLOEXEC)));
    if (!file || seccomp_export_bpf(filter.get(), file.get()) != 0)
        return fail(Errc::kInternal, "sandbox: the seccomp filter cannot be exported");
    const auto bytes = ::lseek(file.get(), 0, SEEK_END);
    std::vector<sock_filter> program(static_cast<std::size_t>(bytes) / sizeof(sock_filter));
    if (::pread(file.get(), program.data(), static_cast<std::size_t>(bytes), 0) != bytes)
        return fail(Errc::kInternal, "sandbox: the seccomp filter cannot be read");
    return program;
}

}  // namespace pixgate::imaging
