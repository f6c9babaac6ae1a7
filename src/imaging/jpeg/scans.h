// Reads the entropy-coded data of scans into Component::dc. For the readers of this folder.
#pragma once

#include "imaging/jpeg/bits.h"
#include "imaging/jpeg/frame.h"

namespace pixgate::imaging::jpeg {

// `position` stands behind the SOS segment, and afterwards on the marker that ends the scan. The
// planes of the scan's components are allocated.
//
// A sequential scan: DC is read, AC is passed over, every code is looked up.
Verdict read_sequential_scan(
    Bytes data, const Scan& scan, Frame& frame, Tables& tables, std::size_t& position
);
// A DC scan of a progressive picture: the first, or one that adds a bit.
Verdict read_dc_scan(
    Bytes data, const Scan& scan, Frame& frame, Tables& tables, std::size_t& position
);
// An AC scan of a progressive picture: every code is looked up, and which coefficients are not zero
// is kept in Component::nonzero, without which the later scans cannot be read.
Verdict read_ac_scan(
    Bytes data, const Scan& scan, Frame& frame, Tables& tables, std::size_t& position
);

}  // namespace pixgate::imaging::jpeg
