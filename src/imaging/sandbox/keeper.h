// Keeps one zygote alive: notices its end, starts another, but not for ever.
#pragma once

#include <chrono>
#include <memory>

#include "imaging/sandbox/protocol.h"
#include "imaging/sandbox/zygote.h"

namespace pixgate::imaging {

class ZygoteKeeper {
public:
    ZygoteKeeper(
        ZygoteProcess zygote, std::size_t max_restarts, std::chrono::milliseconds restart_window
    );
    ~ZygoteKeeper();
    ZygoteKeeper(const ZygoteKeeper&) = delete;
    ZygoteKeeper& operator=(const ZygoteKeeper&) = delete;

    // The socket to send a job over; it stays open while the pointer is held. kUnavailable while
    // there is no zygote.
    Result<std::shared_ptr<UniqueFd>> control() const;
    Result<Protections> protections(std::chrono::milliseconds limit) const;
    int pid() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pixgate::imaging
