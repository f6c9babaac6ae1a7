// A JPEG's planes at an eighth from its DC coefficients alone, where that is as good as libjpeg's.
#pragma once

#include <optional>

#include "imaging/jpeg/eighth.h"
#include "imaging/planes/jpeg_reader.h"
#include "imaging/planes/render.h"

namespace pixgate::imaging {

// Colour that is stored at half comes at a sixteenth of the picture, where libjpeg gives an eighth:
// true where the rendering needs no more than that, or only a quarter more across and down, which
// does not show in colour.
bool eighth_is_enough(const JpegHead& head, const Rendering& how);

// `head` is of the same bytes, and planar. nullopt: libjpeg has to decide.
std::optional<Planes> decode_eighth_planes(
    Bytes data, const JpegHead& head, const Limits& limits, jpeg::AcScans ac_scans
);

}  // namespace pixgate::imaging
