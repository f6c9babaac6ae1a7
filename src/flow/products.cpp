#include "flow/products.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/encoding.h"
#include "base/task_group.h"
#include "core/bucket.h"
#include "core/transform.h"

namespace pixgate {

namespace {

constexpr std::size_t kPutsAtOnce = 4;
constexpr std::chrono::seconds kPutLimit{60};

// Renditions are decoded again for every size made later: a little better than what is shown.
constexpr std::uint8_t kRenditionQuality = 90;
constexpr std::uint8_t kSmallRenditionQuality = 92;
constexpr std::uint32_t kSmallRenditionPx = 600;

std::optional<OutputFormat> format_named(std::string_view name) {
    if (name == "webp") return OutputFormat::kWebp;
    if (name == "jpeg") return OutputFormat::kJpeg;
    if (name == "avif") return OutputFormat::kAvif;
    if (name == "png") return OutputFormat::kPng;
    return std::nullopt;
}

Variant variant_of(
    const ProductTarget& target, const WantedProduct& wanted, const imaging::Facts& facts
) {
    Variant out;
    out.bucket = kVariantsBucket;
    out.content_type = imaging::content_type_of(facts.format);
    out.width_px = facts.width_px;
    out.height_px = facts.height_px;
    if (wanted.preset.empty()) {
        const std::uint32_t longer_px = std::max(facts.width_px, facts.height_px);
        out.kind = VariantKind::kRendition;
        out.name = std::to_string(longer_px);
        out.key = rendition_key(target.id, target.etag, longer_px) + look_suffix(target.look);
    } else {
        out.kind = VariantKind::kPreset;
        out.name = wanted.preset;
        out.key = variant_key(target.id, target.etag, name_of(wanted.spec.transform, target.look));
    }
    return out;
}

// The products and what became of them. Shared with the writing coroutines, which may outlive the
// caller where that is cancelled.
struct Batch {
    struct Item {
        Variant variant;
        std::string bytes;
        Result<void> outcome = fail(Errc::kInternal, "a product was not stored");
    };
    std::vector<Item> items;
    std::string cache_control;
};

Task<Result<void>> put(ObjectStore& store, Batch& batch, std::size_t i) {
    auto& item = batch.items[i];
    item.variant.size_bytes = item.bytes.size();
    const auto body = make_text_body(std::move(item.bytes));
    PutOptions options;
    options.content_type = item.variant.content_type;
    options.headers["cache-control"] = batch.cache_control;
    CO_TRY(
        const auto info,
        co_await store.put(item.variant.bucket, item.variant.key, *body, std::move(options))
    );
    item.variant.etag = info.etag;
    co_return Result<void>{};
}

Task<void> put_one(ObjectStore& store, std::shared_ptr<Batch> batch, std::size_t i) {
    auto call = put(store, *batch, i);
    batch->items[i].outcome = co_await std::move(call);
}

// Every preset that was asked for is there, once, in the format it was asked for in.
Result<void> check_complete(
    const std::vector<WantedProduct>& wanted, const std::vector<imaging::Product>& products
) {
    std::vector<bool> is_there(wanted.size());
    for (const auto& product : products) {
        if (product.index >= wanted.size() || is_there[product.index] || product.bytes.empty()) {
            return fail(Errc::kInternal, "a product that nobody asked for");
        }
        is_there[product.index] = true;
        const auto& want = wanted[product.index];
        const auto format = imaging::format_of(want.spec.transform.format);
        if (!want.preset.empty() && product.facts.format != format) {
            return fail(Errc::kInternal, "preset " + want.preset + " has another format");
        }
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!is_there[i] && !wanted[i].preset.empty()) {
            return fail(Errc::kInternal, "preset " + wanted[i].preset + " was not made");
        }
    }
    return {};
}

}  // namespace

std::vector<PresetForm> presets_of(const Policy& policy, const Presets& presets) {
    std::vector<PresetForm> out;
    const bool makes_any =
        policy.verify == Verify::kDecode && policy.thumbnails != Thumbnails::kDownload;
    if (!makes_any) return out;
    for (const auto& name : policy.presets) {
        const auto preset = presets.find(name);
        if (!preset) continue;
        for (const auto& format_name : policy.preset_formats) {
            const auto format = format_named(format_name);
            if (!format || out.size() == kMaxPresetProducts) continue;
            PresetForm form{name, *preset};
            // As the edge decides on it.
            if (preset->format == OutputFormat::kAuto) form.transform = in_format(*preset, *format);
            const bool is_new = std::ranges::none_of(out, [&form](const PresetForm& other) {
                return other.name == form.name && other.transform == form.transform;
            });
            if (is_new) out.push_back(std::move(form));
        }
    }
    return out;
}

std::vector<WantedProduct> wanted_renditions() {
    std::vector<WantedProduct> out;
    for (const auto side_px : kRenditionSidesPx) {
        WantedProduct wanted;
        wanted.spec.is_rendition = true;
        wanted.spec.transform.width_px = side_px;
        wanted.spec.transform.height_px = side_px;
        wanted.spec.transform.format = OutputFormat::kJpeg;
        // Of PNG, which takes long where it is large.
        if (side_px == kRenditionSidesPx.front()) wanted.spec.effort = 0;
        wanted.spec.transform.quality =
            side_px < kSmallRenditionPx ? kSmallRenditionQuality : kRenditionQuality;
        out.push_back(std::move(wanted));
    }
    return out;
}

std::vector<WantedProduct> wanted_presets(
    const std::vector<PresetForm>& forms, std::uint8_t effort
) {
    std::vector<WantedProduct> out;
    for (const auto& form : forms) {
        WantedProduct wanted;
        wanted.preset = form.name;
        wanted.spec.transform = form.transform;
        wanted.spec.effort = effort;
        out.push_back(std::move(wanted));
    }
    return out;
}

imaging::PrepareRequest request_of(const std::vector<WantedProduct>& wanted) {
    imaging::PrepareRequest request;
    for (const auto& product : wanted) {
        if (request.product_count == request.products.size()) break;
        request.products[request.product_count++] = product.spec;
    }
    return request;
}

Task<Result<std::vector<Variant>>> store_products(
    ObjectStore& store,
    ProductTarget target,
    const std::vector<WantedProduct>& wanted,
    std::vector<imaging::Product> products
) {
    CO_CHECK(check_complete(wanted, products));
    auto batch = std::make_shared<Batch>();
    batch->cache_control =
        fmt::format("{}, max-age=31536000, immutable", target.is_private ? "private" : "public");
    for (auto& product : products) {
        batch->items.push_back(
            {.variant = variant_of(target, wanted[product.index], product.facts),
             .bytes = std::move(product.bytes)}
        );
    }
    TaskGroup puts;
    for (std::size_t i = 0; i < batch->items.size(); ++i) {
        co_await puts.start("store-product", put_one(store, batch, i));
        co_await puts.wait_below(kPutsAtOnce, kPutLimit);
    }
    co_await puts.wait_below(1, kPutLimit);
    std::vector<Variant> out;
    for (auto& item : batch->items) {
        if (!item.outcome) co_return std::unexpected(item.outcome.error());
        out.push_back(item.variant);
    }
    co_return out;
}

PlaceholderTexts texts_of(const imaging::Placeholders& p) {
    constexpr std::string_view kBase83 =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
    PlaceholderTexts out;
    if (p.thumbhash_bytes == 0 || p.thumbhash_bytes > p.thumbhash.size()) return out;
    out.dominant_colour =
        fmt::format("#{:02x}{:02x}{:02x}", p.dominant.red, p.dominant.green, p.dominant.blue);
    const auto* bytes = reinterpret_cast<const std::byte*>(p.thumbhash.data());
    out.thumbhash = base64_encode(ByteView(bytes, p.thumbhash_bytes));
    const std::string_view blurhash(
        p.blurhash.data(), ::strnlen(p.blurhash.data(), p.blurhash.size())
    );
    // It comes out of a child that held a stranger's picture, and goes into pages.
    if (blurhash.find_first_not_of(kBase83) == blurhash.npos) out.blurhash = blurhash;
    return out;
}

}  // namespace pixgate
