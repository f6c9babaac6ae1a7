// What may be asked for without a signature. The one rule for native URLs, for the dialects and for
// the keys that sign links.
#pragma once

#include "core/edge_signature.h"
#include "core/presets.h"
#include "core/transform.h"

namespace pixgate {

struct Openness {
    bool presets_only = false;    // unsigned: presets and nothing else
    bool snap_widths = false;     // unsigned: the next larger listed size in place of a refusal
    bool arbitrary_sizes = true;  // signed: anything, or else what is free
    bool unsigned_transforms =
        false;                  // everything is free: for an edge that strangers do not reach
    bool has_watermark = true;  // a mark is configured that pictures can be given
};

// The transform to serve: the one asked for, or with sizes raised to listed ones. A preset's
// meaning is free however it is written. kInvalidArgument ("watermark") where it wants a mark and
// there is none, kPermissionDenied ("size_not_listed") where it needs a
// signature that opens it.
Result<Transform> opened(
    const Transform& asked, SignedFor by, const Presets& presets, const Openness& rules
);

}  // namespace pixgate
