#include "flow/stored_variants.h"

#include "base/crypto.h"
#include "base/log.h"
#include "core/bucket.h"

namespace pixgate {

std::string variant_object_key(
    const Image& image, const Transform& transform, const VariantLook& look
) {
    return variant_key(image.id, image.etag, name_of(transform, look));
}

Task<Result<std::string>> StoredVariants::find(const Image& image, const Transform& transform) {
    const std::string key = variant_object_key(image, transform, look_);
    CO_TRY(const auto reader, co_await store_.get(std::string(kVariantsBucket), key));
    const ObjectInfo& info = reader->info();
    if (info.size_bytes > kMaxBytes || info.size_bytes == 0)
        co_return fail(Errc::kNotFound, "not a variant by its size");
    const auto body = reader->body(0, info.size_bytes);
    CO_TRY(std::string bytes, co_await read_all(*body, kMaxBytes));
    if (bytes.size() != info.size_bytes)
        co_return fail(Errc::kCorrupt, "the variant is cut short", "size");
    if (!info.sha256.empty() && sha256_hex(bytes) != info.sha256)
        co_return fail(Errc::kCorrupt, "the variant is damaged", "sha256");
    co_return bytes;
}

bool StoredVariants::is_worth_it(const std::string& key, std::uint64_t size_bytes) {
    if (size_bytes <= kSecondTimeBytes) return true;
    const std::lock_guard lock(mutex_);
    if (large_made_.find(key, {}) != nullptr) return true;
    large_made_.insert(key, {}, true, 1);
    return false;
}

Task<void> StoredVariants::keep(
    const Image& image, const Transform& transform, const std::string& bytes
) {
    const std::string bucket(kVariantsBucket);
    const std::string key = variant_object_key(image, transform, look_);
    if (!is_worth_it(key, bytes.size())) co_return;
    const auto place = co_await writes_.enter({}, kWriteLimit);
    if (!place) {
        log::failure(
            log::Level::kWarning, "variant not kept, too many wait to be written", place.error(),
            {{"image_id", image.id.value}}
        );
        co_return;
    }
    const auto body = make_text_body(bytes);
    PutOptions options;
    options.content_type = content_type_of(transform.format);
    const auto kept = co_await store_.put(bucket, key, *body, std::move(options));
    if (!kept) {
        log::failure(
            log::Level::kWarning, "variant not kept", kept.error(), {{"image_id", image.id.value}}
        );
        co_return;
    }
    // A deletion marks the row first and lists the objects then: either it saw this one, or the row
    // says now that it is to go.
    const auto row = co_await catalog_.find(image.id);
    if (row || row.error().code != Errc::kNotFound) co_return;
    const auto removed = co_await store_.remove(bucket, key, std::nullopt);
    if (!removed) {
        log::failure(
            log::Level::kError, "a variant of a deleted image stays in the store", removed.error(),
            {{"image_id", image.id.value}, {"object", key}}
        );
    }
}

}  // namespace pixgate
