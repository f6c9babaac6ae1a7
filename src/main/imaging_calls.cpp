#include "main/imaging_calls.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/crypto.h"
#include "base/fd.h"
#include "imaging/probe.h"

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

// The limits of the step that lays the mark on.
constexpr imaging::Limits kMarkLimits{
    .max_bytes = 4 << 20,
    .max_pixels = 16'000'000,
    .max_side_px = 8'192,
    .max_frames = 1,
    .max_total_pixels = 16'000'000,
};

Error no_mark(const std::string& path, const std::string& why) {
    return {Errc::kInvalidArgument, "imaging.watermark_file: " + path + ": " + why, "watermark"};
}

// `bytes` from the start of `from`, appended to `out`.
Result<void> copy_bytes(int from, std::uint64_t bytes, std::string& out) {
    const std::size_t before = out.size();
    out.resize(before + static_cast<std::size_t>(bytes));
    for (std::uint64_t done = 0; done < bytes;) {
        const auto n =
            ::pread(from, out.data() + before + done, bytes - done, static_cast<off_t>(done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail(Errc::kUnavailable, "the picture cannot be read to its end");
        done += static_cast<std::uint64_t>(n);
    }
    return {};
}

Result<std::string> read_mark(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info{};
    if (!file || ::fstat(file.get(), &info) != 0)
        return std::unexpected(no_mark(path, std::strerror(errno)));
    if (!S_ISREG(info.st_mode)) return std::unexpected(no_mark(path, "is no file"));
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > kMarkLimits.max_bytes) return std::unexpected(no_mark(path, "is larger than 4 MiB"));
    std::string out;
    CHECK_OK(copy_bytes(file.get(), size, out));
    return out;
}

Result<UniqueFd> in_memory(std::string_view bytes) {
    UniqueFd file(::memfd_create("picture", MFD_CLOEXEC));
    while (file && !bytes.empty()) {
        const auto n = ::write(file.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail(Errc::kUnavailable, "no memory for the picture and its mark");
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    if (!file) return fail(Errc::kUnavailable, "no memory for the picture and its mark");
    return file;
}

// The picture and behind it its mark.
Result<UniqueFd> with_mark(int fd, std::uint64_t size_bytes, const VariantLook& look) {
    if (!look.mark) return fail(Errc::kInvalidArgument, "no watermark is configured", "watermark");
    std::string bytes;
    CHECK_OK(copy_bytes(fd, size_bytes, bytes));
    bytes += *look.mark;
    return in_memory(bytes);
}

bool wants_mark(const std::vector<WantedProduct>& products) {
    return std::ranges::any_of(products, [](const WantedProduct& product) {
        return product.spec.transform.watermark.is_on;
    });
}

imaging::TransformRequest request_of(
    const VariantSource& source, const Transform& transform, const SandboxConfig& config
) {
    imaging::TransformRequest request;
    request.transform = transform;
    request.source = source.source;
    request.effort = source.effort;
    request.original_width_px = source.original_width_px;
    request.original_height_px = source.original_height_px;
    // What was checked at upload is what may be decoded now, nothing else.
    request.allowed = formats_of({source.content_type});
    imaging::Limits limits = imaging::limits_for(
        {imaging::format_of_content_type(source.content_type), source.width_px, source.height_px,
         std::max(1U, source.frames)},
        {}
    );
    limits.max_bytes = source.max_bytes;
    request.limits = bounded(limits, config);
    request.max_side_px = kMaxOutputSidePx;
    return request;
}

constexpr std::uint32_t kProductMs = 1'000;

}  // namespace

VerifyPicture verify_with(imaging::Imaging& imaging, const SandboxConfig& config) {
    return
        [&imaging, config](int fd, std::uint64_t size, const VerifyJob& job) -> Result<Verified> {
            const auto request = request_of(job, config);
            TRY(const auto answer, imaging.verify(fd, size, request));
            return Verified{answer.refusal, answer.facts};
        };
}

PreparePicture prepare_with(
    imaging::Imaging& imaging, const SandboxConfig& config, VariantLook look
) {
    return [&imaging, config, look = std::move(look)](
               int fd, std::uint64_t size, const VerifyJob& job,
               const std::vector<WantedProduct>& products
           ) -> Result<imaging::PrepareAnswer> {
        imaging::PrepareRequest request = request_of(products);
        request.verify = request_of(job, config);
        // The limit is for one decode; each picture that is made from it takes its own time.
        request.verify.limits.max_wall_ms += request.product_count * kProductMs;
        request.linear_light = look.linear_light;
        request.keep_wide_gamut = look.keep_wide_gamut;
        if (!wants_mark(products)) return imaging.prepare(fd, size, request);
        TRY(const UniqueFd both, with_mark(fd, size, look));
        request.mark_bytes = look.mark->size();
        return imaging.prepare(both.get(), size + request.mark_bytes, request);
    };
}

StripLocation strip_with(imaging::Imaging& imaging, const SandboxConfig& config) {
    return [&imaging, config](int fd, std::uint64_t size, const imaging::Limits& limits) {
        return imaging.strip_location(fd, size, bounded(limits, config));
    };
}

Result<VariantLook> read_look(
    imaging::Imaging& imaging, const ImagingConfig& look, const SandboxConfig& config
) {
    VariantLook out{{}, look.linear_light, look.keep_wide_gamut, {}};
    const std::string& path = look.watermark_file;
    if (path.empty()) return out;
    TRY(std::string mark, read_mark(path));
    imaging::VerifyRequest request;
    request.check_declared = false;
    using enum imaging::Format;
    request.allowed = imaging::FormatSet{kPng, kWebp, kJpeg};
    request.limits = bounded(kMarkLimits, config);
    TRY(const UniqueFd file, in_memory(mark));
    TRY(const auto answer, imaging.verify(file.get(), mark.size(), request));
    if (answer.refusal != imaging::Refusal::kNone)
        return std::unexpected(no_mark(path, std::string(imaging::sentence_of(answer.refusal))));
    out.mark_sha256 = sha256_hex(mark);
    out.mark = std::make_shared<const std::string>(std::move(mark));
    return out;
}

MakeVariant make_with(imaging::Imaging& imaging, const SandboxConfig& config, VariantLook look) {
    return [&imaging, config, look = std::move(look)](
               const VariantSource& source, const Transform& transform
           ) -> Result<MadeVariant> {
        imaging::TransformRequest request = request_of(source, transform, config);
        request.linear_light = look.linear_light;
        request.keep_wide_gamut = look.keep_wide_gamut;
        int fd = source.fd;
        std::uint64_t size_bytes = source.size_bytes;
        UniqueFd both;
        if (transform.watermark.is_on) {
            TRY(both, with_mark(source.fd, source.size_bytes, look));
            fd = both.get();
            request.mark_bytes = look.mark->size();
            size_bytes += request.mark_bytes;
        }
        TRY(auto answer, imaging.transform(fd, size_bytes, request));
        return MadeVariant{answer.refusal, std::move(answer.bytes)};
    };
}

}  // namespace pixgate
