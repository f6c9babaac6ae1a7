// Transform text from a URL: never crashes, and what parses has one canonical text that means the
// same.
#include <cstdlib>

#include "core/transform.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = pixgate::parse_transform(text);
    if (!parsed) return 0;
    if (parsed->width_px > pixgate::kMaxOutputSidePx ||
        parsed->height_px > pixgate::kMaxOutputSidePx) {
        std::abort();
    }
    const auto again = pixgate::parse_transform(pixgate::canonical(*parsed));
    if (!again || *again != *parsed) std::abort();
    static_cast<void>(pixgate::negotiate(text, size % 2 == 0));
    return 0;
}
