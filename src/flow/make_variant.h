// Makes one variant: from the nearest stored rendition in a warm worker, or from the original in a
// child of its own. Used by flow/deliver_image.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "base/metrics.h"
#include "core/image.h"
#include "core/variant_look.h"
#include "flow/scan_resistant_cache.h"
#include "imaging/imaging.h"
#include "ports/object_store.h"

namespace pixgate {

struct VariantSource {
    int fd = -1;  // readable, stays the caller's
    std::uint64_t size_bytes = 0;
    std::uint64_t max_bytes = 0;  // as the catalog has it; larger ones are refused
    std::string content_type;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t frames = 1;
    imaging::Source source = imaging::Source::kStranger;
    // Of the upright original, where the source is a rendition of it; else 0.
    std::uint32_t original_width_px = 0;
    std::uint32_t original_height_px = 0;
    std::uint8_t effort = 4;  // as in imaging::TransformRequest
};
struct MadeVariant {
    imaging::Refusal refusal = imaging::Refusal::kNone;
    std::string bytes;
};
// Blocks, so it is called on a pool. In production: the sandbox.
//   errors  kCrashed, kDeadlineExceeded, kUnavailable
using MakeVariant = std::function<Result<MadeVariant>(const VariantSource&, const Transform&)>;

class VariantMaker {
public:
    struct Ports {
        ObjectStore& store;
        MakeVariant make;
        Pool& imaging_pool;
        Metrics& metrics;
        VariantLook look{};  // that of `make`
    };
    explicit VariantMaker(Ports ports);

    // At most two attempts: a warm worker that crashed is followed by a child of its own, a
    // rendition that is missing or damaged by the original.
    //   errors  kUnsupportedMedia (cannot be decoded; the refusal's code as reason), kCrashed,
    //           kDeadlineExceeded, kNotFound (the original was replaced or is gone), of the store
    Task<Result<std::string>> make(
        const Image& image, const Transform& transform, std::uint8_t effort = 4
    );

private:
    Task<Result<MadeVariant>> from_rendition(
        const Image& image,
        const Variant& rendition,
        const Transform& transform,
        std::uint8_t effort
    );
    Task<Result<MadeVariant>> from_original(
        const Image& image, const Transform& transform, std::uint8_t effort
    );
    bool is_usable(const Variant& rendition) const;
    Result<void> check_bytes(int fd, const ObjectInfo& info);

    Ports ports_;
    Counter& from_renditions_;
    Counter& from_originals_;
    Counter& second_attempts_;
    std::mutex mutex_;
    ScanResistantCache<bool> checked_;  // renditions whose bytes were found right by this process
};

// Pixels to be decoded and encoded for it: what a client's budget is charged with.
std::uint64_t work_pixels(const Image& image, const Transform& transform);

}  // namespace pixgate
