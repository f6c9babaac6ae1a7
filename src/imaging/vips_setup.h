// Starts libvips as this project uses it: no cache, one thread, and no loader but those of the
// formats in kDecodable, whatever the machine has installed.
#pragma once

#include <string>

#include "base/result.h"

namespace pixgate::imaging {

// Once per process; later calls do nothing. kInternal when libvips does not start.
Result<void> start_vips();

// While it lives, libvips opens SVG too; only decode.cpp makes one, for a picture that the operator
// allowed.
class SvgLoaderAllowed {
public:
    SvgLoaderAllowed();
    ~SvgLoaderAllowed();
    SvgLoaderAllowed(const SvgLoaderAllowed&) = delete;
    SvgLoaderAllowed& operator=(const SvgLoaderAllowed&) = delete;
};

// What libvips has said since the last call, in one line of printable ASCII, and forget it.
std::string take_vips_error();

}  // namespace pixgate::imaging
