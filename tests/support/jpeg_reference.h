// What libjpeg says of a JPEG's DC coefficients, to hold our own reader against. Header only, for
// the unit tests and the fuzz targets.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>  // jpeglib.h does not include what it needs
#include <vector>

#include <jpeglib.h>

#include <jerror.h>

namespace pixgate::test {

struct JpegReference {
    bool is_read = false;  // false: libjpeg gave up
    // It warned of entropy-coded data that ends early, has no such code, or comes out of order:
    // what it paints grey or guesses. Stray bytes between segments are no damage.
    bool is_damaged = false;
    struct Plane {
        std::uint32_t width_px = 0;
        std::uint32_t height_px = 0;
        std::vector<std::uint8_t> samples;
    };
    std::vector<Plane> planes;
};

struct JpegErrors {
    jpeg_error_mgr base{};  // first: libjpeg knows only this part
    std::jmp_buf back{};
    bool is_damaged = false;

    jpeg_error_mgr* start() {
        jpeg_std_error(&base);
        base.error_exit = [](j_common_ptr common) {
            std::longjmp(reinterpret_cast<JpegErrors*>(common->err)->back, 1);
        };
        base.output_message = [](j_common_ptr) {};
        base.emit_message = [](j_common_ptr common, int level) {
            const int code = common->err->msg_code;
            if (level >= 0) return;
            if (code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_MUST_RESYNC ||
                code == JWRN_JPEG_EOF || code == JWRN_BOGUS_PROGRESSION)
                reinterpret_cast<JpegErrors*>(common->err)->is_damaged = true;
        };
        return &base;
    }
};

// libjpeg's 1x1 inverse DCT (jidctred.c), with its limits as a table.
inline std::uint8_t reference_sample(int coefficient, int quant) {
    const int value = ((coefficient * quant + 4) >> 3) & 1023;
    if (value < 128) return static_cast<std::uint8_t>(value + 128);
    if (value < 512) return 255;
    if (value < 896) return 0;
    return static_cast<std::uint8_t>(value - 896);
}

inline void read_planes(jpeg_decompress_struct& decoder, JpegReference& reference) {
    jvirt_barray_ptr* arrays = jpeg_read_coefficients(&decoder);
    for (int i = 0; i < decoder.num_components; ++i) {
        const jpeg_component_info& component = decoder.comp_info[i];
        JpegReference::Plane& plane = reference.planes.emplace_back();
        plane.width_px = component.width_in_blocks;
        plane.height_px = component.height_in_blocks;
        const int quant = component.quant_table == nullptr
                              ? 0
                              : static_cast<std::int16_t>(component.quant_table->quantval[0]);
        for (JDIMENSION y = 0; y < plane.height_px; ++y) {
            const auto rows = decoder.mem->access_virt_barray(
                reinterpret_cast<j_common_ptr>(&decoder), arrays[i], y, 1, FALSE
            );
            for (JDIMENSION x = 0; x < plane.width_px; ++x)
                plane.samples.push_back(reference_sample(rows[0][x][0], quant));
        }
    }
}

// Planes from the coefficients, each in its component's own resolution.
inline JpegReference read_by_libjpeg(const std::uint8_t* data, std::size_t size) {
    JpegReference reference;
    jpeg_decompress_struct decoder{};
    JpegErrors errors;
    decoder.err = errors.start();
    if (setjmp(errors.back) == 0) {
        jpeg_create_decompress(&decoder);
        jpeg_mem_src(&decoder, data, size);
        jpeg_read_header(&decoder, TRUE);
        read_planes(decoder, reference);
        reference.is_read = true;
    }
    reference.is_damaged = errors.is_damaged;
    jpeg_destroy_decompress(&decoder);
    return reference;
}

// The pixels of libjpeg's own decoding at 1/8 in this colour space, row by row; empty where it gave
// up. Chroma that is coarser than luma comes from larger inverse DCTs there.
inline std::vector<std::uint8_t> eighth_by_libjpeg(
    const std::uint8_t* data, std::size_t size, J_COLOR_SPACE colours
) {
    std::vector<std::uint8_t> pixels;
    jpeg_decompress_struct decoder{};
    JpegErrors errors;
    decoder.err = errors.start();
    if (setjmp(errors.back) == 0) {
        jpeg_create_decompress(&decoder);
        jpeg_mem_src(&decoder, data, size);
        jpeg_read_header(&decoder, TRUE);
        decoder.scale_num = 1;
        decoder.scale_denom = 8;
        decoder.out_color_space = colours;
        decoder.do_block_smoothing = FALSE;
        jpeg_start_decompress(&decoder);
        const std::size_t row_bytes =
            std::size_t{decoder.output_width} * static_cast<std::size_t>(decoder.output_components);
        pixels.resize(row_bytes * decoder.output_height);
        while (decoder.output_scanline < decoder.output_height) {
            JSAMPROW row = pixels.data() + row_bytes * decoder.output_scanline;
            jpeg_read_scanlines(&decoder, &row, 1);
        }
    } else {
        pixels.clear();
    }
    jpeg_destroy_decompress(&decoder);
    return pixels;
}

}  // namespace pixgate::test
