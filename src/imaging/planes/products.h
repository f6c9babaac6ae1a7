// Which pictures are made from one decode, and how: sizes, sources, encoders.
#pragma once

#include <optional>
#include <vector>

#include "imaging/imaging.h"
#include "imaging/planes/jpeg_reader.h"
#include "imaging/planes/pyramid.h"

namespace pixgate::imaging {

// What a product is made from, the quickest first.
enum class Lane : std::uint8_t {
    kPlanes,    // resized and encoded as planes
    kResized,   // resized as planes; the steps do the rest
    kPixels,    // the steps do it all, from the one decoded picture
    kOriginal,  // the steps do it all, from the bytes: they need what no other has
};

struct PlannedProduct {
    std::uint32_t index = 0;  // into PrepareRequest::products
    bool is_rendition = false;
    Lane lane = Lane::kPlanes;
    Rendering how;
    TransformRequest request;  // its transform says format and quality for renditions too
};

// In the order of the specs; renditions as large as the next smaller one are left out. For a
// picture that lies as `facts.orientation` says.
std::vector<PlannedProduct> plan_products(const PrepareRequest& request, const Facts& facts);

// How much of the input's size is left, along the side where that is more.
double scale_of(const Rendering& how);

// How to decode once for all of them.
struct DecodePlan {
    int shrink = 1;
    bool streams = false;  // to `master`, as the rows come: all of them would be too much memory
    Size master;
    Subsampling chroma = kHalfChroma;
    std::optional<Size>
        pixels;  // the master, or half of it and so on, where Lane::kPixels needs it
};
// max_bytes: of planes in memory.
DecodePlan plan_decode(
    const std::vector<PlannedProduct>& products, Size stored, std::uint64_t max_bytes
);

// After reader.read_head() of the same bytes gave `head`. False: see reader.error().
bool decode_master(
    Bytes data,
    const Limits& limits,
    const JpegHead& head,
    JpegReader& reader,
    const DecodePlan& plan,
    Planes& master
);

// Of kPlanes, from its planes. nullopt: the encoder gave up.
std::optional<Product> make_product(const PlannedProduct& product, Planes planes);

// Of kResized: what is left to do for the steps when the picture has its place and size.
TransformRequest after_resize(const PlannedProduct& product);

}  // namespace pixgate::imaging
