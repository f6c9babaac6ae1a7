// JPEGs of any shape for tests, written by libjpeg on the spot.
#pragma once

#include <cstdint>
#include <vector>

namespace pixgate::test {

enum class JpegScans : std::uint8_t {
    kOne,
    kOneEach,            // sequential, each component in a scan of its own
    kLumaAndChroma,      // sequential, two scans
    kProgressive,        // libjpeg's usual script, with successive approximation
    kProgressivePlain,   // progressive without successive approximation
    kProgressiveDcEach,  // progressive, DC of each component alone and in three steps
};

struct JpegRecipe {
    int width_px = 64;
    int height_px = 48;
    int components = 3;  // 1, 3 (YCbCr) or 4 (CMYK)
    int luma_h = 2;      // sampling factors; chroma has 1
    int luma_v = 2;
    JpegScans scans = JpegScans::kOne;
    unsigned restart_interval = 0;  // in MCUs
    bool is_optimised = false;      // Huffman tables of its own
    bool is_arithmetic = false;
    bool is_rgb = false;  // stored as RGB
    int quality = 85;
    unsigned seed = 1;  // of the pixels: gradients, edges and noise
};

// Throws std::runtime_error where libjpeg refuses the recipe.
std::vector<std::uint8_t> make_jpeg(const JpegRecipe& recipe);

}  // namespace pixgate::test
