#include "core/image_change.h"

#include <algorithm>

namespace pixgate {

namespace {

void set_placeholders(Image& image, const Change& change) {
    image.has_alpha = change.has_alpha;
    image.dominant_colour = change.dominant_colour;
    image.thumbhash = change.thumbhash;
    image.blurhash = change.blurhash;
}

void set_facts(Image& image, const Change& change) {
    if (change.event) {
        image.etag = change.event->etag;
        image.size_bytes = change.event->size_bytes;
    }
    if (change.size_bytes != 0) image.size_bytes = change.size_bytes;
    if (!change.content_type.empty()) image.content_type = change.content_type;
    if (!change.sha256.empty()) image.sha256 = change.sha256;
    if (change.width_px != 0) {
        image.width_px = change.width_px;
        image.height_px = change.height_px;
        image.frames = change.frames;
        set_placeholders(image, change);
    }
}

// A sender's thumbnail and a rendition are one of their name; a preset may be there in several
// formats. Its key changes with what the preset means.
void put_variant(Image& image, const Variant& variant) {
    std::erase_if(image.variants, [&variant](const Variant& old) {
        const bool is_same = old.kind == variant.kind && old.name == variant.name;
        return is_same && (old.kind != VariantKind::kPreset || old.key == variant.key ||
                           old.content_type == variant.content_type);
    });
    const auto at = std::ranges::lower_bound(image.variants, variant, comes_before);
    image.variants.insert(at, variant);
}

void put_products(Image& image, const Change& change) {
    for (const auto& product : change.products) put_variant(image, product);
}

bool is_rendition(const Variant& variant) {
    return variant.kind == VariantKind::kRendition;
}

// Another version of the original than the one that is shown; the adapter's ledger says that it is
// newer.
bool is_replacement(const Image& image, const Change& change) {
    return change.event && !change.event->etag.empty() && change.event->etag != image.etag &&
           may_replace(image.state, change.to);
}

// What was known of the version before. The sender's thumbnails have events of their own.
void forget_version(Image& image) {
    image.content_type.clear();
    image.sha256.clear();
    image.width_px = image.height_px = 0;
    image.frames = 1;
    set_placeholders(image, {});
    image.ready_at.reset();
    std::erase_if(image.variants, [](const Variant& old) {
        return old.kind != VariantKind::kThumbnail;
    });
}

bool was_stored(const Image& image) {
    return std::ranges::find(image.history, ImageState::kStored, &HistoryEntry::state) !=
           image.history.end();
}

}  // namespace

Applied change_image(Image& image, const Change& change) {
    if (image.state == ImageState::kDeleted) return Applied::kSkipped;
    if (change.only_from && *change.only_from != image.state) return Applied::kSkipped;
    if (change.variant) {
        put_variant(image, *change.variant);
        return Applied::kDone;
    }
    if (change.products_of_etag) {
        if (image.state != ImageState::kReady || image.etag != *change.products_of_etag) {
            return Applied::kSkipped;
        }
        if (std::ranges::any_of(change.products, is_rendition))
            std::erase_if(image.variants, is_rendition);
        put_products(image, change);
        if (!change.thumbhash.empty()) set_placeholders(image, change);
        return Applied::kDone;
    }
    const bool replaces = is_replacement(image, change);
    if (!replaces && !may_change(image.state, change.to)) return Applied::kSkipped;
    if (replaces) forget_version(image);
    const bool is_known_stored = was_stored(image) && !replaces;
    if (change.stored_at && change.to != ImageState::kStored && !is_known_stored) {
        image.history.push_back({ImageState::kStored, *change.stored_at, {}});
    }
    if (change.to == ImageState::kDeleted) {
        image.filename.clear();
        image.metadata.clear();
    } else if (change.to != ImageState::kExpired && change.to != ImageState::kFailed) {
        set_facts(image, change);
    }
    if (change.to == ImageState::kReady) {
        image.ready_at = change.at;
        std::erase_if(image.variants, [](const Variant& old) {
            return old.kind != VariantKind::kThumbnail;
        });
        put_products(image, change);
    }
    image.state = change.to;
    image.reason = change.reason;
    image.history.push_back({change.to, change.at, change.reason});
    return replaces ? Applied::kReplaced : Applied::kDone;
}

bool is_effect(const Change& change) {
    if (change.products_of_etag) return false;
    return change.variant || change.to == ImageState::kReady ||
           change.to == ImageState::kRejected || change.to == ImageState::kQuarantined;
}

}  // namespace pixgate
