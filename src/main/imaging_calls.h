// The flow's view of imaging, answered by the sandbox: policies become limits, refusals and crashes
// become what the flow decides on.
#pragma once

#include "flow/deliver_image.h"
#include "flow/on_stored.h"
#include "imaging/imaging.h"
#include "main/config.h"

namespace pixgate {

// All keep a reference to `imaging`, which must outlive them.
VerifyPicture verify_with(imaging::Imaging& imaging, const SandboxConfig& config);
PreparePicture prepare_with(imaging::Imaging& imaging, const SandboxConfig& config);
MakeVariant make_with(imaging::Imaging& imaging, const SandboxConfig& config);

}  // namespace pixgate
