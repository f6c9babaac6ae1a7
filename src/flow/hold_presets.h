// Every ready image has every preset of its policy: holds them against it, newest first, once after
// each start (settings change at no other time), and puts those that lack some on the preset queue.
// What cannot be made ends among the dead letters, which someone hears of. Called by roles/sweeper.
#pragma once

#include <string>

#include "flow/remake_presets.h"
#include "ports/queue.h"

namespace pixgate {

class HoldPresets {
public:
    struct Ports {
        Catalog& catalog;
        RemakePresets& remake;
        Queue& queue;  // the preset queue
    };
    explicit HoldPresets(Ports ports) : ports_(ports) {}

    // A hundred images more; none while a thousand wait in the queue. Gives how many were put
    // there. An image may come there twice: making what is there already does nothing.
    //   errors  kUnavailable …: the same images again in the next call
    Task<Result<std::size_t>> step();
    bool is_done() const { return is_done_; }

private:
    Ports ports_;
    std::string cursor_;
    bool is_done_ = false;
};

}  // namespace pixgate
