#include "tests/support/jpegs.h"

#include <cstdlib>
#include <random>
#include <stdexcept>

#include "tests/support/jpeg_reference.h"

namespace pixgate::test {
namespace {

std::vector<std::uint8_t> make_pixels(const JpegRecipe& recipe) {
    std::minstd_rand random(recipe.seed);
    const int channels = recipe.components;
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < recipe.height_px; ++y) {
        for (int x = 0; x < recipe.width_px; ++x) {
            for (int c = 0; c < channels; ++c) {
                const int slope = (x * (3 + c) + y * (7 - c)) % 256;
                const bool is_edge = ((x >> 4) ^ (y >> 3)) % 3 == 0;
                const int noise = static_cast<int>(random() % 64) * ((x >> 5) % 2);
                pixels.push_back(static_cast<std::uint8_t>((is_edge ? 255 - slope : slope) ^ noise)
                );
            }
        }
    }
    return pixels;
}

jpeg_scan_info scan_of(std::vector<int> components, int first, int last, int high, int low) {
    jpeg_scan_info scan{};
    scan.comps_in_scan = static_cast<int>(components.size());
    for (std::size_t i = 0; i < components.size(); ++i) scan.component_index[i] = components[i];
    scan.Ss = first;
    scan.Se = last;
    scan.Ah = high;
    scan.Al = low;
    return scan;
}

std::vector<jpeg_scan_info> script_of(const JpegRecipe& recipe) {
    std::vector<jpeg_scan_info> script;
    std::vector<int> all, chroma;
    for (int i = 0; i < recipe.components; ++i) all.push_back(i);
    for (int i = 1; i < recipe.components; ++i) chroma.push_back(i);
    switch (recipe.scans) {
        case JpegScans::kOneEach:
            for (const int i : all) script.push_back(scan_of({i}, 0, 63, 0, 0));
            break;
        case JpegScans::kLumaAndChroma:
            script.push_back(scan_of({0}, 0, 63, 0, 0));
            script.push_back(scan_of(chroma, 0, 63, 0, 0));
            break;
        case JpegScans::kProgressivePlain:
            script.push_back(scan_of(all, 0, 0, 0, 0));
            for (const int i : all) script.push_back(scan_of({i}, 1, 63, 0, 0));
            break;
        case JpegScans::kProgressiveDcEach:
            for (const int i : all) script.push_back(scan_of({i}, 0, 0, 0, 2));
            for (const int i : all) script.push_back(scan_of({i}, 1, 63, 0, 0));
            script.push_back(scan_of(all, 0, 0, 2, 1));
            for (const int i : all) script.push_back(scan_of({i}, 0, 0, 1, 0));
            break;
        default:
            break;
    }
    return script;
}

void set_up(
    jpeg_compress_struct& encoder,
    const JpegRecipe& recipe,
    const std::vector<jpeg_scan_info>& script
) {
    encoder.image_width = static_cast<JDIMENSION>(recipe.width_px);
    encoder.image_height = static_cast<JDIMENSION>(recipe.height_px);
    encoder.input_components = recipe.components;
    encoder.in_color_space = recipe.components == 1   ? JCS_GRAYSCALE
                             : recipe.components == 3 ? JCS_YCbCr
                                                      : JCS_CMYK;
    if (recipe.is_rgb) encoder.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder);
    if (recipe.is_rgb) jpeg_set_colorspace(&encoder, JCS_RGB);
    jpeg_set_quality(&encoder, recipe.quality, TRUE);
    encoder.comp_info[0].h_samp_factor = recipe.luma_h;
    encoder.comp_info[0].v_samp_factor = recipe.luma_v;
    encoder.restart_interval = recipe.restart_interval;
    encoder.optimize_coding = recipe.is_optimised ? TRUE : FALSE;
    encoder.arith_code = recipe.is_arithmetic ? TRUE : FALSE;
    if (recipe.scans == JpegScans::kProgressive) jpeg_simple_progression(&encoder);
    if (!script.empty()) {
        encoder.scan_info = script.data();
        encoder.num_scans = static_cast<int>(script.size());
    }
}

}  // namespace

std::vector<std::uint8_t> make_jpeg(const JpegRecipe& recipe) {
    auto pixels = make_pixels(recipe);
    const auto script = script_of(recipe);
    const auto row_bytes = static_cast<std::size_t>(recipe.width_px * recipe.components);
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    std::vector<std::uint8_t> out;
    jpeg_compress_struct encoder{};
    JpegErrors errors;
    encoder.err = errors.start();
    if (setjmp(errors.back) == 0) {
        jpeg_create_compress(&encoder);
        jpeg_mem_dest(&encoder, &bytes, &size);
        set_up(encoder, recipe, script);
        jpeg_start_compress(&encoder, TRUE);
        while (encoder.next_scanline < encoder.image_height) {
            JSAMPROW row = pixels.data() + row_bytes * encoder.next_scanline;
            jpeg_write_scanlines(&encoder, &row, 1);
        }
        jpeg_finish_compress(&encoder);
        out.assign(bytes, bytes + size);
    }
    jpeg_destroy_compress(&encoder);
    std::free(bytes);
    if (out.empty()) throw std::runtime_error("libjpeg refuses this recipe");
    return out;
}

}  // namespace pixgate::test
