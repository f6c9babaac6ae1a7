// The flow's view of imaging, answered by the sandbox: policies become limits, refusals and crashes
// become what the flow decides on.
#pragma once

#include <memory>
#include <string>

#include "core/variant_look.h"
#include "flow/deliver_image.h"
#include "flow/on_stored.h"
#include "imaging/imaging.h"
#include "main/config.h"

namespace pixgate {

// All keep a reference to `imaging`, which must outlive them.
VerifyPicture verify_with(imaging::Imaging& imaging, const SandboxConfig& config);
StripLocation strip_with(imaging::Imaging& imaging, const SandboxConfig& config);
// A preset that wants a mark where there is none: as with make_with().
PreparePicture prepare_with(
    imaging::Imaging& imaging, const SandboxConfig& config, VariantLook look = {}
);

// Reads the watermark's file and has it decoded once, as a stranger's picture.
//   errors  kInvalidArgument (no file, too large, no PNG, WebP or JPEG), and those of `imaging`
Result<VariantLook> read_look(
    imaging::Imaging& imaging, const ImagingConfig& look, const SandboxConfig& config
);
// A transform that wants a mark where there is none: kInvalidArgument ("watermark").
MakeVariant make_with(
    imaging::Imaging& imaging, const SandboxConfig& config, VariantLook look = {}
);

}  // namespace pixgate
