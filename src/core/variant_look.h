// What the operator wants of every picture that is made. Where that is not the default it is part
// of the objects' names: one name never stands for different bytes.
#pragma once

#include <memory>
#include <string>

#include "core/transform.h"

namespace pixgate {

struct VariantLook {
    std::shared_ptr<const std::string> mark{};  // the watermark, encoded; null: there is none
    bool linear_light = false;
    bool keep_wide_gamut = false;
    std::string mark_sha256{};  // of `mark`, in hex
};

// canonical(), and behind it ",look=0123456789ab" where the look changes the picture: the mark only
// where the transform lays it on.
std::string name_of(const Transform& transform, const VariantLook& look);

// The same ending for a picture without a mark, so for renditions; empty for the default look.
std::string look_suffix(const VariantLook& look);

}  // namespace pixgate
