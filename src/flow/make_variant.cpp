#include "flow/make_variant.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/crypto.h"
#include "base/encoding.h"
#include "base/log.h"
#include "flow/choose_source.h"
#include "flow/object_file.h"

namespace pixgate {

namespace {

constexpr std::uint64_t kMaxChecked = 20'000;
constexpr std::uint64_t kMaxRenditionBytes = 64ULL << 20;

Counter& source_counter(Metrics& metrics, const char* source) {
    return metrics.counter(
        "pixgate_edge_made_total", "Variants made, by what they were made from",
        {{"source", source}}
    );
}

Result<std::string> sha256_of_file(int fd, std::uint64_t size_bytes) {
    Hasher hasher(HashKind::kSha256);
    std::array<std::byte, 64 * 1024> piece;
    std::uint64_t at = 0;
    while (at < size_bytes) {
        const auto wanted = std::min<std::uint64_t>(piece.size(), size_bytes - at);
        const ssize_t n = ::pread(fd, piece.data(), wanted, static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail(Errc::kCorrupt, "the rendition cannot be read to its end");
        hasher.update(ByteView(piece).first(static_cast<std::size_t>(n)));
        at += static_cast<std::uint64_t>(n);
    }
    return hex_encode(hasher.finish());
}

// What says only that this rendition cannot be used; the original still may.
bool is_bad_rendition(const Result<MadeVariant>& made) {
    if (made) return made->refusal != imaging::Refusal::kNone;
    return made.error().code == Errc::kNotFound || made.error().code == Errc::kCorrupt;
}

}  // namespace

VariantMaker::VariantMaker(Ports ports)
    : ports_(std::move(ports)),
      from_renditions_(source_counter(ports_.metrics, "rendition")),
      from_originals_(source_counter(ports_.metrics, "original")),
      second_attempts_(ports_.metrics.counter(
          "pixgate_edge_second_attempts_total",
          "Variants that needed a second attempt: a worker crashed, or a rendition was not usable"
      )),
      checked_({kMaxChecked}) {}

// One made before wide colours were kept has lost them.
bool VariantMaker::is_usable(const Variant& rendition) const {
    return !ports_.look.keep_wide_gamut || rendition.key.ends_with(look_suffix(ports_.look));
}

Task<Result<std::string>> VariantMaker::make(
    const Image& image, const Transform& transform, std::uint8_t effort
) {
    Result<MadeVariant> made = fail(Errc::kNotFound, "no rendition");
    const auto rendition = choose_rendition(image, transform);
    if (rendition && is_usable(*rendition)) {
        made = co_await from_rendition(image, *rendition, transform, effort);
        if (is_bad_rendition(made)) {
            second_attempts_.add();
            log::warning(
                "a stored rendition is not usable, taking the original",
                {{"image_id", image.id.value}, {"rendition", rendition->name}}
            );
            made = co_await from_original(image, transform, effort);
        }
    } else {
        made = co_await from_original(image, transform, effort);
    }
    if (!made) co_return std::unexpected(std::move(made).error());
    if (made->refusal != imaging::Refusal::kNone) {
        co_return fail(
            Errc::kUnsupportedMedia, "cannot be decoded",
            std::string(imaging::code_of(made->refusal))
        );
    }
    co_return std::move(made->bytes);
}

Result<void> VariantMaker::check_bytes(int fd, const ObjectInfo& info) {
    if (info.sha256.empty()) return {};
    {
        const std::lock_guard lock(mutex_);
        if (checked_.find(info.key, info.sha256) != nullptr) return {};
    }
    TRY(const std::string sha256, sha256_of_file(fd, info.size_bytes));
    if (sha256 != info.sha256) return fail(Errc::kCorrupt, "the rendition is damaged", "sha256");
    const std::lock_guard lock(mutex_);
    checked_.insert(info.key, info.sha256, true, 1);
    return {};
}

Task<Result<MadeVariant>> VariantMaker::from_rendition(
    const Image& image, const Variant& rendition, const Transform& transform, std::uint8_t effort
) {
    CO_TRY(const auto reader, co_await ports_.store.get(rendition.bucket, rendition.key));
    if (reader->info().size_bytes > kMaxRenditionBytes)
        co_return fail(Errc::kCorrupt, "the rendition is too large");
    CO_TRY(const UniqueFd file, co_await open_as_file(*reader));
    VariantSource source;
    source.fd = file.get();
    source.size_bytes = reader->info().size_bytes;
    source.max_bytes = rendition.size_bytes;
    source.content_type = rendition.content_type;
    source.width_px = rendition.width_px;
    source.height_px = rendition.height_px;
    source.source = imaging::Source::kOwn;
    source.original_width_px = image.width_px;
    source.original_height_px = image.height_px;
    source.effort = effort;
    auto work = [&]() -> Result<MadeVariant> {
        CHECK_OK(check_bytes(file.get(), reader->info()));
        auto made = ports_.make(source, transform);
        if (made || made.error().code != Errc::kCrashed) return made;
        second_attempts_.add();
        source.source = imaging::Source::kStranger;
        return ports_.make(source, transform);
    };
    auto made = co_await offload(ports_.imaging_pool, std::move(work));
    if (made && made->refusal == imaging::Refusal::kNone) from_renditions_.add();
    co_return made;
}

Task<Result<MadeVariant>> VariantMaker::from_original(
    const Image& image, const Transform& transform, std::uint8_t effort
) {
    CO_TRY(const auto reader, co_await ports_.store.get(image.bucket, image.key));
    if (reader->info().etag != image.etag)
        co_return fail(Errc::kNotFound, "the original was replaced");
    CO_TRY(const UniqueFd file, co_await open_as_file(*reader));
    VariantSource source;
    source.fd = file.get();
    source.size_bytes = reader->info().size_bytes;
    source.max_bytes = image.size_bytes;
    source.content_type = image.content_type;
    source.width_px = image.width_px;
    source.height_px = image.height_px;
    source.frames = image.frames;
    source.effort = effort;
    auto work = [&] { return ports_.make(source, transform); };
    auto made = co_await offload(ports_.imaging_pool, std::move(work));
    if (made && made->refusal == imaging::Refusal::kNone) from_originals_.add();
    co_return made;
}

std::uint64_t work_pixels(const Image& image, const Transform& transform) {
    std::uint64_t in = std::uint64_t{image.width_px} * image.height_px;
    if (transform.animate) in *= std::max(1U, image.frames);
    if (const auto rendition = choose_rendition(image, transform)) {
        in = std::uint64_t{rendition->width_px} * rendition->height_px;
    }
    const double side = needed_side_px(transform, image.width_px, image.height_px);
    const double longer = std::max({1U, image.width_px, image.height_px});
    const double shorter = std::min(image.width_px, image.height_px);
    const double out = side * side * shorter / longer;
    constexpr double kMaxOut = kMaxOutputSidePx * double{kMaxOutputSidePx};
    return in + static_cast<std::uint64_t>(std::min(out, kMaxOut));
}

}  // namespace pixgate
