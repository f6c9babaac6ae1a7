// Who made a picture and who holds its rights: read out of what came with it, and written again
// into blocks that hold nothing else. Pure bytes; safe on any.
#pragma once

#include <string>

#include "imaging/byte_reader.h"

namespace pixgate::imaging {

// UTF-8 without control characters, at most kMaxRightsBytes each; empty where nothing is said.
struct Rights {
    std::string artist;
    std::string notice;
    bool empty() const { return artist.empty() && notice.empty(); }
};
inline constexpr std::size_t kMaxRightsBytes = 512;

// Artist (0x013B) and Copyright (0x8298) of the first directory.
Rights rights_in_exif(Bytes exif);
// dc:creator and dc:rights, the first entry of each.
Rights rights_in_xmp(Bytes xmp);
// By-line (2:80) and copyright notice (2:116), bare or in a Photoshop block.
Rights rights_in_iptc(Bytes iptc);
// eXIf, an uncompressed XMP packet, and the text chunks Author and Copyright.
Rights rights_in_png(Bytes png);

// What `first` does not say is taken from `second`.
Rights merged(Rights first, const Rights& second);

// A TIFF structure with these two tags; empty for none.
std::string exif_of(const Rights& rights);
// An XMP packet with dc:creator and dc:rights; empty for none.
std::string xmp_of(const Rights& rights);

}  // namespace pixgate::imaging
