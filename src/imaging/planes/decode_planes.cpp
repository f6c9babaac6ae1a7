#include <array>
#include <vector>

#include "imaging/planes/jpeg_reader.h"

namespace pixgate::imaging {
namespace {

void average_rows(
    const std::uint8_t* upper, const std::uint8_t* lower, std::uint32_t width, std::uint8_t* to
) {
    for (std::uint32_t x = 0; x < width; ++x)
        to[x] = static_cast<std::uint8_t>((upper[x] + lower[x] + 1) / 2);
}

// Keeps all rows, colour halved down and perhaps across where that is wanted: two rows at a time,
// the last alone if their number is odd.
class KeepRows : public RowSink {
public:
    KeepRows(Planes& planes, const JpegLayout& layout, bool halves)
        : to_{&planes.y, &planes.cb, &planes.cr},
          layout_(layout),
          halves_(halves),
          combine_(layout.chroma.across == 1 ? &halve_rows : &average_rows) {
        if (!halves_) return;
        for (std::size_t i = 1; i < 3; ++i) upper_.at(i).resize(layout.colour.width_px);
    }

    void push(int plane, const std::uint8_t* row) override {
        const auto at = static_cast<std::size_t>(plane);
        Plane& to = *to_.at(at);
        const std::uint32_t number = rows_.at(at)++;
        if (at == 0 || !halves_) {
            std::memcpy(to.row(number), row, to.width());
            return;
        }
        const bool is_last = number + 1 == layout_.colour.height_px;
        std::vector<std::uint8_t>& upper = upper_.at(at);
        if (number % 2 == 1) {
            combine_(upper.data(), row, layout_.colour.width_px, to.row(number / 2));
        } else if (is_last) {
            combine_(row, row, layout_.colour.width_px, to.row(number / 2));
        } else {
            std::memcpy(upper.data(), row, upper.size());
        }
    }

private:
    std::array<Plane*, 3> to_;
    const JpegLayout& layout_;
    bool halves_;
    decltype(&halve_rows) combine_;
    std::array<std::uint32_t, 3> rows_{};
    std::array<std::vector<std::uint8_t>, 3> upper_;
};

}  // namespace

void halve_rows(
    const std::uint8_t* upper, const std::uint8_t* lower, std::uint32_t width, std::uint8_t* to
) {
    for (std::uint32_t x = 0; x < width / 2; ++x) {
        const unsigned sum = upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1];
        to[x] = static_cast<std::uint8_t>((sum + 2) / 4);
    }
    if (width % 2 == 1)
        to[width / 2] = static_cast<std::uint8_t>((upper[width - 1] + lower[width - 1] + 1) / 2);
}

bool decode_planes(JpegReader& reader, int shrink, ChromaWanted chroma, Planes& planes) {
    JpegLayout layout;
    if (!reader.start(shrink, layout)) return false;
    const bool has_colour = layout.colour.width_px != 0;
    const bool halves = has_colour && chroma == ChromaWanted::kHalf && layout.chroma.down == 1 &&
                        layout.chroma.across <= 2;
    planes = {};
    planes.y = Plane(layout.y.width_px, layout.y.height_px);
    planes.chroma = halves ? kHalfChroma : layout.chroma;
    if (has_colour) {
        const std::uint32_t across = halves && layout.chroma.across == 1 ? 2 : 1;
        const std::uint32_t down = halves ? 2 : 1;
        const Size size{
            ceil_div(layout.colour.width_px, across), ceil_div(layout.colour.height_px, down)
        };
        planes.cb = Plane(size.width_px, size.height_px);
        planes.cr = Plane(size.width_px, size.height_px);
    }
    planes.width = layout.width;
    planes.height = layout.height;
    KeepRows keep(planes, layout, halves);
    return reader.decode(keep);
}

}  // namespace pixgate::imaging
