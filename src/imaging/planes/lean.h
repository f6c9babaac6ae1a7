// The short way for the most common wish: a JPEG in, a JPEG or WebP out, smaller, perhaps cut or
// turned. Pixels stay YCbCr, in planes; libvips is not asked.
#pragma once

#include <optional>

#include "imaging/byte_reader.h"
#include "imaging/imaging.h"
#include "imaging/planes/encode_planes.h"
#include "imaging/planes/jpeg_reader.h"

namespace pixgate::imaging {

// True where the transform asks for nothing that only the other lane does.
bool lean_can(const Transform& transform);

// nullopt: not for this lane, by the request or by what the JPEG holds (CMYK, RGB, a wide profile).
// `facts` are the header's. Refused as kBroken where the bytes do not hold the whole picture.
std::optional<TransformAnswer> lean_transform(
    Bytes data, const Facts& facts, const TransformRequest& request
);

// The largest of 1, 2, 4, 8 by which `crop` may be shrunk while it is decoded and still be enough
// for the filter to make a good `resized` of it.
int shrink_for(Size crop, Size resized);

// How delivered pictures are written. nullopt as from the encoders. `planes` have the chroma of
// chroma_for(), and no alpha for JPEG.
std::optional<std::string> encode_planes(
    Planes& planes, const Transform& transform, std::uint8_t effort
);
// `made`: the output's size.
Subsampling chroma_for(const Transform& transform, Size made);

}  // namespace pixgate::imaging
