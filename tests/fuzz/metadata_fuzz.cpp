// What reads or edits what came with a picture, and our own BMP reader, on any bytes: no crash, no
// access outside, and the promises hold.
#include <cstdlib>

#include "imaging/bmp.h"
#include "imaging/rights.h"
#include "imaging/sniff.h"
#include "imaging/strip_location.h"

using namespace pixgate::imaging;

namespace {

void check_rights(const Rights& rights) {
    if (rights.artist.size() > kMaxRightsBytes || rights.notice.size() > kMaxRightsBytes)
        std::abort();
    const std::string block = exif_of(rights);
    const Bytes bytes(reinterpret_cast<const std::uint8_t*>(block.data()), block.size());
    const Rights again = rights_in_exif(bytes);
    if (again.artist != rights.artist || again.notice != rights.notice) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    for (const Format format :
         {sniff(bytes), Format::kJpeg, Format::kPng, Format::kTiff, Format::kGif, Format::kAvif}) {
        const auto stripped = strip_location(bytes, format, size % 2 == 0);
        if (stripped && format != Format::kPng && stripped->size() != size) std::abort();
        if (stripped && stripped->size() > size) std::abort();
        if (!stripped) continue;
        const Bytes once(reinterpret_cast<const std::uint8_t*>(stripped->data()), stripped->size());
        if (strip_location(once, format, size % 2 == 0)) std::abort();
    }
    check_rights(rights_in_exif(bytes));
    check_rights(rights_in_xmp(bytes));
    check_rights(rights_in_iptc(bytes));
    check_rights(rights_in_png(bytes));
    const BmpHeader header = read_bmp(bytes);
    if (header.broken == nullptr && std::uint64_t{header.width_px} * header.height_px < 1'000'000)
        (void)decode_bmp(bytes);
    return 0;
}
