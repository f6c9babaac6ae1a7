#include "flow/stale_variants.h"

#include <algorithm>

#include "core/bucket.h"

namespace pixgate {

namespace {

// "{id}/{etag}/…". Empty: not a key of that form.
std::string_view version_of(std::string_view key) {
    const auto begin = key.find('/');
    if (begin == key.npos) return {};
    const auto end = key.find('/', begin + 1);
    return end == key.npos ? std::string_view() : key.substr(begin + 1, end - begin - 1);
}

bool is_stale(const Image& image, const ObjectInfo& object) {
    const auto version = version_of(object.key);
    const bool is_named = std::ranges::any_of(image.variants, [&](const Variant& variant) {
        return variant.key == object.key;
    });
    // A picture that was refused has no variants at all.
    const bool is_shown = image.state == ImageState::kReady && version == image.etag;
    return !version.empty() && !is_named && !is_shown;
}

// The version that is in the store now; empty: none is, or no verdict of it will be taken.
Task<Result<std::string>> version_on_its_way(ObjectStore& store, const Image& image) {
    if (image.state != ImageState::kReady) co_return std::string();
    auto info = co_await store.head(image.bucket, image.key);
    if (!info && info.error().code == Errc::kNotFound) co_return std::string();
    CO_TRY(const auto found, std::move(info));
    co_return found.etag;
}

}  // namespace

Task<Result<std::uint64_t>> remove_stale_variants(
    ObjectStore& store, const Image& image, const std::vector<ObjectInfo>& objects
) {
    using enum ImageState;
    const bool has_verdict =
        image.state == kReady || image.state == kRejected || image.state == kQuarantined;
    std::vector<ObjectInfo> stale;
    if (has_verdict) {
        std::ranges::copy_if(objects, std::back_inserter(stale), [&](const ObjectInfo& object) {
            return is_stale(image, object);
        });
    }
    if (stale.empty()) co_return std::uint64_t{0};
    CO_TRY(const std::string coming, co_await version_on_its_way(store, image));
    std::uint64_t removed = 0;
    for (const auto& object : stale) {
        if (version_of(object.key) == coming) continue;
        CO_CHECK(co_await store.remove(std::string(kVariantsBucket), object.key, object.etag));
        ++removed;
    }
    co_return removed;
}

Task<Result<std::uint64_t>> remove_stale_variants(ObjectStore& store, const Image& image) {
    ListOptions options;
    options.prefix = image.id.value + "/";
    std::uint64_t removed = 0;
    for (;;) {
        CO_TRY(const auto page, co_await store.list(std::string(kVariantsBucket), options));
        CO_TRY(const auto of_page, co_await remove_stale_variants(store, image, page.objects));
        removed += of_page;
        if (!page.is_truncated) co_return removed;
        options.start_after = page.next_start_after;
    }
}

}  // namespace pixgate
