#include "tests/support/sandboxes.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pixgate::test {
namespace {

constexpr std::string_view kSpinArgument = "--spin-in-sandbox";

struct Stat {
    int parent = 0;
    char state = 'X';
};

// /proc/PID/stat: "pid (name) state parent …"; the name may hold anything.
std::optional<Stat> read_stat(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    if (!std::getline(file, text)) return std::nullopt;
    std::istringstream rest(text.substr(text.rfind(')') + 1));
    Stat stat;
    rest >> stat.state >> stat.parent;
    return stat;
}

}  // namespace

imaging::Sandbox& sandbox() {
    static imaging::Sandbox one = [] {
        auto zygote = imaging::start_zygote();
        if (!zygote) throw std::runtime_error(zygote.error().message);
        imaging::Sandbox::Options options;
        options.workers.max_workers = 2;
        return imaging::Sandbox(*std::move(zygote), options);
    }();
    return one;
}

std::vector<int> descendants_of(int pid) {
    std::vector<int> found{pid};
    for (bool grew = true; grew;) {
        grew = false;
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            const int candidate = std::atoi(entry.path().filename().c_str());
            if (candidate <= 0 || std::ranges::count(found, candidate) > 0) continue;
            const auto stat = read_stat(candidate);
            if (!stat || stat->state == 'Z' || std::ranges::count(found, stat->parent) == 0)
                continue;
            found.push_back(candidate);
            grew = true;
        }
    }
    found.erase(found.begin());
    return found;
}

std::string name_of_process(int pid) {
    std::string name;
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::getline(file, name);
    return name;
}

char state_of(int pid) {
    const auto stat = read_stat(pid);
    return stat ? stat->state : 'X';
}

bool is_running(int pid) {
    const char state = state_of(pid);
    return state != 'Z' && state != 'X';
}

SpinningParent::SpinningParent() {
    std::string name = "pixgate-tests", argument(kSpinArgument);
    std::array<char*, 3> arguments{name.data(), argument.data(), nullptr};
    if (::posix_spawn(&pid_, "/proc/self/exe", nullptr, nullptr, arguments.data(), environ) != 0)
        pid_ = -1;
}

SpinningParent::~SpinningParent() {
    if (pid_ > 0) kill();
}

void SpinningParent::kill() const {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

std::optional<int> run_if_spinning_parent(int argc, char** argv) {
    if (argc != 2 || argv[1] != kSpinArgument) return std::nullopt;
    imaging::Limits limits;
    limits.max_wall_ms = 60'000;
    (void)sandbox().attempt(imaging::Act::kSpin, limits);
    return 0;
}

}  // namespace pixgate::test
