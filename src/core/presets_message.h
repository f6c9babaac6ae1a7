// The message that has a ready image's presets made: anew, or those that it lacks. JSON on the
// wire.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "core/image.h"

namespace pixgate {

struct PresetsMessage {
    ImageId image_id;
    std::string etag;      // of the original that they are made from; another one: nothing to do
    bool is_anew = false;  // also those that are there: at the policy's final effort
};

std::string to_json(const PresetsMessage& message);
// kInvalidArgument for anything that is not such a message (4 KiB at most).
Result<PresetsMessage> parse_presets_message(std::string_view json);

}  // namespace pixgate
