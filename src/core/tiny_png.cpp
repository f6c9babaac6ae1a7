#include "core/tiny_png.h"

#include <zlib.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace pixgate {

namespace {

void append_number(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void append_chunk(std::string& out, std::string_view type, std::string_view data) {
    append_number(out, static_cast<std::uint32_t>(data.size()));
    std::string body(type);
    body += data;
    out += body;
    const auto* bytes = reinterpret_cast<const Bytef*>(body.data());
    append_number(
        out, static_cast<std::uint32_t>(::crc32(0, bytes, static_cast<uInt>(body.size())))
    );
}

std::uint8_t paeth(std::uint8_t left, std::uint8_t up, std::uint8_t corner) {
    const int guess = left + up - corner;
    const int to_left = std::abs(guess - left);
    const int to_up = std::abs(guess - up);
    const int to_corner = std::abs(guess - corner);
    if (to_left <= to_up && to_left <= to_corner) return left;
    return to_up <= to_corner ? up : corner;
}

// One row, each byte as its difference from what `filter` foretells; with the filter's number.
std::string filtered(
    std::string_view row, std::string_view above, std::size_t pixel_bytes, int filter
) {
    std::string out(1, static_cast<char>(filter));
    for (std::size_t i = 0; i < row.size(); ++i) {
        const auto at = [](std::string_view text, std::size_t k) {
            return static_cast<std::uint8_t>(text[k]);
        };
        const std::uint8_t left = i < pixel_bytes ? 0 : at(row, i - pixel_bytes);
        const std::uint8_t up = above.empty() ? 0 : at(above, i);
        const std::uint8_t corner =
            above.empty() || i < pixel_bytes ? 0 : at(above, i - pixel_bytes);
        const std::array<int, 5> guesses{0, left, up, (left + up) / 2, paeth(left, up, corner)};
        out += static_cast<char>(at(row, i) - guesses[static_cast<std::size_t>(filter)]);
    }
    return out;
}

// The filter whose differences are smallest: that is what deflate likes.
std::string best_row(std::string_view row, std::string_view above, std::size_t pixel_bytes) {
    std::string best;
    std::uint64_t best_sum = UINT64_MAX;
    for (int filter = 0; filter < 5; ++filter) {
        auto text = filtered(row, above, pixel_bytes, filter);
        std::uint64_t sum = 0;
        for (const char c : text) {
            sum += static_cast<std::uint64_t>(std::abs(static_cast<signed char>(c)));
        }
        if (sum >= best_sum) continue;
        best_sum = sum;
        best = std::move(text);
    }
    return best;
}

}  // namespace

std::string write_png(const TinyPicture& picture) {
    const std::size_t pixel_bytes = picture.has_alpha ? 4 : 3;
    const std::size_t row_bytes = picture.width_px * pixel_bytes;
    const std::string_view pixels = picture.pixels;
    std::string rows;
    std::string_view above;
    for (std::size_t y = 0; y < picture.height_px; ++y) {
        const auto row = pixels.substr(y * row_bytes, row_bytes);
        rows += best_row(row, above, pixel_bytes);
        above = row;
    }
    uLongf size = ::compressBound(static_cast<uLong>(rows.size()));
    std::string data(size, '\0');
    ::compress2(
        reinterpret_cast<Bytef*>(data.data()), &size, reinterpret_cast<const Bytef*>(rows.data()),
        static_cast<uLong>(rows.size()), Z_BEST_COMPRESSION
    );
    data.resize(size);

    std::string header;
    append_number(header, picture.width_px);
    append_number(header, picture.height_px);
    // 8 bits; RGB or RGBA; deflate; adaptive filters; not interlaced.
    header += {8, static_cast<char>(picture.has_alpha ? 6 : 2), 0, 0, 0};
    std::string out("\x89PNG\r\n\x1a\n", 8);
    append_chunk(out, "IHDR", header);
    append_chunk(out, "IDAT", data);
    append_chunk(out, "IEND", {});
    return out;
}

}  // namespace pixgate
