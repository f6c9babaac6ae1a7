// The message the function puts on the queue: what was found out about one object. JSON on the
// wire.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/image.h"
#include "core/storage_event.h"

namespace pixgate {

struct RegisterMessage {
    ImageId image_id;
    std::string thumbnail;                    // name of the client thumbnail; empty: the original
    std::string url;                          // of the object in the store
    StorageEvent event;                       // which object version this is about
    ImageState verdict = ImageState::kReady;  // ready, rejected, quarantined
    std::string reason;                       // code where not ready
    std::string content_type;                 // what the bytes are
    std::uint64_t size_bytes = 0;
    std::string sha256;  // lower-case hex or empty
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t frames = 1;
    bool has_alpha = false;
    std::string dominant_colour;  // these three as in Image
    std::string thumbhash;
    std::string blurhash;
    std::vector<Variant> variants;    // presets and renditions, stored already
    bool wants_presets_anew = false;  // at the policy's final effort, once this is registered
};

std::string to_json(const RegisterMessage& message);
// kInvalidArgument for anything that is not such a message (64 KiB at most, nesting 8 at most).
Result<RegisterMessage> parse_register_message(std::string_view json);

}  // namespace pixgate
