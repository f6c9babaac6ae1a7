// Takes the zygote away from the machine: own user, network, mount, process and IPC namespaces, and
// at last an empty root directory. Each step that the machine does not allow is left out and said.
#pragma once

#include "imaging/sandbox/protocol.h"

namespace pixgate::imaging {

// Fills in the namespace fields. Needs a single-threaded process; a process that is forked
// afterwards is process 1 of the new process namespace, if there is one.
void enter_namespaces(Protections& protections);

// After everything that must be read from disk was read.
void enter_empty_root(Protections& protections);

}  // namespace pixgate::imaging
