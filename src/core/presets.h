// Transforms by name: the built-in ones and those of the operator. Made once at the start, then
// handed to whoever reads or writes URLs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/transform.h"

namespace pixgate {

class Presets {
public:
    // The built-in ones (core/transform.h).
    Presets();

    // Adds or replaces. kInvalidArgument for a name that is not 1..32 of a-z 0-9 - _ beginning with
    // a letter, and as parse_transform for the text; reason: what was wrong.
    Result<void> set(std::string_view name, std::string_view text);

    std::optional<Transform> find(std::string_view name) const;
    const std::map<std::string, Transform, std::less<>>& all() const { return by_name_; }
    // True where some preset means exactly this.
    bool has(const Transform& transform) const;

private:
    std::map<std::string, Transform, std::less<>> by_name_;
};

}  // namespace pixgate
