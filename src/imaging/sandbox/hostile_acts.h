// What a decoder that an attacker has taken over would try. The sandbox lets a child do each of
// these at start-up and in tests, and must stop them all. Without the lockdown each would succeed.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pixgate::imaging {

enum class Act : std::uint32_t {
    kNothing,
    kOpenSocket,
    kConnect,
    kReadFile,
    kWriteFile,
    kRunProgram,
    kFork,
    kTrace,
    kKillOther,
    kMapExecutable,
    kMakeExecutable,
    kTakeMemory,  // more than the limit, at once
    kSpin,        // until the clock stops it
    // Not attacks on the machine, but ends that the parent has to tell apart:
    kCrash,
    kHogMemory,  // bit by bit until nothing is left
    kExitSilently,
    kAnswerGarbage,
    kAnswerForOtherJob,
    kAnswerLate,  // after the deadline
    kAnswerTwice,
    kClaimTooMuch,  // more output than there is room for
    kCountFds,      // the result is the number of open descriptors
};
inline constexpr Act kLastAct = Act::kCountFds;

std::string_view name_of(Act act);  // "open_socket"

// The acts of the self-test.
inline constexpr std::array kHostileActs{
    Act::kOpenSocket,    Act::kConnect,        Act::kReadFile,   Act::kWriteFile,
    Act::kRunProgram,    Act::kFork,           Act::kTrace,      Act::kKillOther,
    Act::kMapExecutable, Act::kMakeExecutable, Act::kTakeMemory, Act::kSpin,
};

struct ActBounds {
    std::uint64_t memory_bytes = 0;  // the child's limit
    std::uint32_t wall_ms = 0;       // the job's deadline
};

// In the child. 0 when the act was let through, else the errno of what stopped it; most are stopped
// by death instead.
int perform(Act act, const ActBounds& bounds);

}  // namespace pixgate::imaging
