#include "imaging/sandbox/namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace pixgate::imaging {
namespace {

constexpr int kApart = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
constexpr int kNobody = 65534;

bool write_file(const char* path, std::string_view text) {
    const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
    return file &&
           ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Inside we are nobody; without a mapping not even a tmpfs can be mounted.
void map_to_nobody(uid_t user, gid_t group) {
    const std::string inside = std::to_string(kNobody) + " ";
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", inside + std::to_string(user) + " 1");
    write_file("/proc/self/gid_map", inside + std::to_string(group) + " 1");
}

}  // namespace

void enter_namespaces(Protections& protections) {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(CLONE_NEWUSER | kApart) == 0) {
        protections.user_namespace = true;
        map_to_nobody(user, group);
    } else if (::unshare(kApart) != 0) {
        return;
    }
    protections.network_namespace = protections.pid_namespace = true;
}

void enter_empty_root(Protections& protections) {
    // In the mount namespace only; without one this would take the machine's own root away.
    if (!protections.network_namespace) return;
    constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    if (::mount("none", "/tmp", "tmpfs", kFlags, "size=4k,nr_inodes=2") != 0) return;
    if (::chdir("/tmp") != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) return;
    if (::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0) return;
    protections.empty_root = true;
}

}  // namespace pixgate::imaging
