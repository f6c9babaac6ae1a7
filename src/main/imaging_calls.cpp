#include "main/imaging_calls.h"

namespace pixgate {

namespace {

imaging::FormatSet formats_of(const std::vector<std::string>& content_types) {
    imaging::FormatSet out;
    for (const auto& type : content_types) {
        const auto format = imaging::format_of_content_type(type);
        if (format != imaging::Format::kUnknown) out.add(format);
    }
    return out;
}

imaging::Limits bounded(imaging::Limits limits, const SandboxConfig& config) {
    limits.max_wall_ms = static_cast<std::uint32_t>(config.max_wall.count());
    limits.max_memory_bytes = config.max_memory_bytes;
    return limits;
}

imaging::VerifyRequest request_of(const VerifyJob& job, const SandboxConfig& config) {
    imaging::VerifyRequest request;
    request.declared = imaging::format_of_content_type(job.declared_type);
    request.allowed = formats_of(job.allowed_types);
    request.limits = bounded(job.limits, config);
    request.full_decode = job.mode == Verify::kDecode;
    return request;
}

}  // namespace

VerifyPicture verify_with(imaging::Imaging& imaging, const SandboxConfig& config) {
    return
        [&imaging, config](int fd, std::uint64_t size, const VerifyJob& job) -> Result<Verified> {
            const auto request = request_of(job, config);
            TRY(const auto answer, imaging.verify(fd, size, request));
            return Verified{answer.refusal, answer.facts};
        };
}

PreparePicture prepare_with(imaging::Imaging& imaging, const SandboxConfig& config) {
    return [&imaging, config](
               int fd, std::uint64_t size, const VerifyJob& job,
               const std::vector<WantedProduct>& products
           ) -> Result<imaging::PrepareAnswer> {
        imaging::PrepareRequest request = request_of(products);
        request.verify = request_of(job, config);
        return imaging.prepare(fd, size, request);
    };
}

MakeVariant make_with(imaging::Imaging& imaging, const SandboxConfig& config) {
    return
        [&imaging,
         config](const VariantSource& source, const Transform& transform) -> Result<MadeVariant> {
            imaging::TransformRequest request;
            request.transform = transform;
            request.source = source.source;
            request.original_width_px = source.original_width_px;
            request.original_height_px = source.original_height_px;
            // What was checked at upload is what may be decoded now, nothing else.
            request.allowed = formats_of({source.content_type});
            imaging::Limits limits;
            limits.max_bytes = source.size_bytes;
            limits.max_pixels = std::uint64_t{source.width_px} * source.height_px;
            limits.max_side_px = std::max(source.width_px, source.height_px);
            limits.max_frames = std::max(1U, source.frames);
            limits.max_total_pixels = limits.max_pixels * limits.max_frames;
            request.limits = bounded(limits, config);
            request.max_side_px = kMaxOutputSidePx;
            TRY(auto answer, imaging.transform(source.fd, source.size_bytes, request));
            return MadeVariant{answer.refusal, std::move(answer.bytes)};
        };
}

}  // namespace pixgate
