#include "imaging/bmp.h"

#include "imaging/probe/formats.h"

namespace pixgate::imaging {

Header read_bmp_header(Bytes data, const Limits&) {
    const BmpHeader bmp = read_bmp(data);
    Header header;
    header.width_px = bmp.width_px;
    header.height_px = bmp.height_px;
    header.has_alpha = bmp.has_alpha;
    header.broken = bmp.broken;
    return header;
}

}  // namespace pixgate::imaging
