// First contact with any bytes: no crash, no access outside, the verdict of the full decode, and
// every product is what its facts say, within its bounds.
#include <cstdlib>

#include "imaging/prepare.h"
#include "imaging/probe.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"

using namespace pixgate;
using namespace pixgate::imaging;

namespace {

constexpr std::uint32_t kSidePx = 48;

PrepareRequest request_of(std::size_t size) {
    PrepareRequest request;
    request.verify.check_declared = false;
    Limits& limits = request.verify.limits;
    limits.max_pixels = 250'000;
    limits.max_total_pixels = 500'000;
    limits.max_side_px = 4'096;
    limits.max_frames = 8;
    limits.max_scans = 20;
    const auto add = [&](OutputFormat format) -> ProductSpec& {
        ProductSpec& spec = request.products.at(request.product_count++);
        spec.transform.width_px = kSidePx;
        spec.transform.format = format;
        spec.effort = 0;
        return spec;
    };
    add(OutputFormat::kJpeg).is_rendition = true;
    add(OutputFormat::kWebp);
    ProductSpec& cut = add(OutputFormat::kJpeg);
    cut.transform.height_px = kSidePx;
    cut.transform.fit = Fit::kCover;
    cut.transform.rotate_degrees = static_cast<std::uint16_t>(size % 4 * 90);
    add(OutputFormat::kPng).transform.grayscale = true;
    return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool kIsStarted = start_vips().has_value();
    if (!kIsStarted) std::abort();
    const Bytes bytes(data, size);
    const PrepareRequest request = request_of(size);
    const PrepareAnswer answer = prepare_bytes(bytes, request);
    if (answer.refusal != verify_bytes(bytes, request.verify).refusal) std::abort();
    if (answer.refusal != Refusal::kNone && !answer.products.empty()) std::abort();
    for (const Product& product : answer.products) {
        const Bytes made(
            reinterpret_cast<const std::uint8_t*>(product.bytes.data()), product.bytes.size()
        );
        const ProbeResult probed = probe(made, product.facts.format, {});
        const bool holds = probed.refusal == Refusal::kNone &&
                           probed.facts.width_px == product.facts.width_px &&
                           probed.facts.height_px == product.facts.height_px &&
                           product.facts.width_px <= kSidePx + kSidePx / 10;
        if (!holds) std::abort();
    }
    return 0;
}
