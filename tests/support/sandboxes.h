// One sandbox for all tests of a run, and processes to look at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "imaging/sandbox/sandbox.h"

namespace pixgate::test {

imaging::Sandbox& sandbox();

// All processes below `pid`, by /proc.
std::vector<int> descendants_of(int pid);
bool is_running(int pid);  // zombies are not
char state_of(int pid);    // as ps shows it, such as 'S' for asleep; 'X': there is none
// What the children of the zygote are called: pixgate-spare, pixgate-worker, pixgate-sandbox.
std::string name_of_process(int pid);

// Zygote, child and the spare one, and the process that waits for the zygote where there is a
// process namespace.
inline constexpr std::size_t kFamilyOfOneJob = 3;

// This test binary once more, as a process that has a child spin in a sandbox for a minute.
class SpinningParent {
public:
    SpinningParent();
    ~SpinningParent();
    SpinningParent(const SpinningParent&) = delete;
    SpinningParent& operator=(const SpinningParent&) = delete;

    int pid() const { return pid_; }
    void kill() const;  // and wait for its end

private:
    int pid_ = -1;
};
// For main: runs that process to its end, if this is one.
std::optional<int> run_if_spinning_parent(int argc, char** argv);

}  // namespace pixgate::test
