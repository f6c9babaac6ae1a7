// A request as it leaves this process: the bytes between its fields are 0, so that nothing of what
// lay in memory before goes along.
#pragma once

#include "imaging/sandbox/protocol.h"

namespace pixgate::imaging {

using RequestBytes = std::array<std::byte, sizeof(JobRequest)>;

RequestBytes without_padding(const JobRequest& request);

}  // namespace pixgate::imaging
