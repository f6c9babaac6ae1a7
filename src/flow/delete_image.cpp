#include "flow/delete_image.h"

#include "core/bucket.h"

namespace pixgate {

namespace {

Task<Result<void>> remove_prefix(ObjectStore& store, std::string bucket, std::string prefix) {
    ListOptions options;
    options.prefix = std::move(prefix);
    for (;;) {
        auto listed = co_await store.list(bucket, options);
        if (!listed && listed.error().code == Errc::kNotFound) co_return Result<void>{};
        CO_TRY(const auto page, std::move(listed));
        for (const auto& object : page.objects) {
            CO_CHECK(co_await store.remove(bucket, object.key, std::nullopt));
        }
        if (!page.is_truncated) co_return Result<void>{};
        options.start_after = page.next_start_after;
    }
}

}  // namespace

Task<Result<bool>> was_deleted(Catalog& catalog, ImageId id, TimePoint now) {
    auto found = co_await catalog.find(id);
    if (found) co_return false;
    if (found.error().code != Errc::kNotFound) co_return std::unexpected(found.error());
    // find() does not tell deleted from unknown; a change that no state allows does.
    Change probe;
    probe.id = std::move(id);
    probe.to = ImageState::kDeleted;
    probe.at = now;
    probe.only_from = ImageState::kDeleted;
    const auto applied = co_await catalog.apply(std::move(probe));
    if (applied) co_return true;
    if (applied.error().code == Errc::kNotFound) co_return false;
    co_return std::unexpected(applied.error());
}

Task<Result<void>> DeleteImage::run(Caller caller, ImageId id) {
    if (!caller.may_delete) co_return fail(Errc::kPermissionDenied, "this key may not delete");
    CO_TRY(const auto image, co_await catalog.find(id));
    if (!caller.may_see(image.owner)) co_return fail(Errc::kNotFound, "image " + id.value);

    Change change;
    change.id = id;
    change.to = ImageState::kDeleted;
    change.reason = "requested";
    change.at = clock.now();
    CO_TRY(const auto applied, co_await catalog.apply(std::move(change)));
    if (applied != Applied::kDone) co_return fail(Errc::kNotFound, "image " + id.value);
    if (forget) forget(id);
    co_return co_await remove_objects(id);
}

Task<Result<void>> DeleteImage::remove_objects(const ImageId& id) {
    const std::string prefix = id.value + "/";
    CO_CHECK(co_await remove_prefix(store, std::string(kOriginalsBucket), prefix));
    CO_CHECK(co_await remove_prefix(store, std::string(kVariantsBucket), prefix));
    co_return Result<void>{};
}

}  // namespace pixgate
