#include "core/image.h"

#include <array>
#include <tuple>

#include "base/ids.h"

namespace pixgate {

namespace {
constexpr std::array<std::string_view, 8> kStateNames{
    "pending", "stored", "ready", "rejected", "quarantined", "failed", "expired", "deleted"
};
constexpr std::array<std::string_view, 3> kKindNames{"thumbnail", "preset", "rendition"};
}  // namespace

std::string_view name_of(VariantKind kind) {
    return kKindNames[static_cast<std::size_t>(kind)];
}

std::optional<VariantKind> parse_variant_kind(std::string_view name) {
    for (std::size_t i = 0; i < kKindNames.size(); ++i) {
        if (kKindNames[i] == name) return static_cast<VariantKind>(i);
    }
    return std::nullopt;
}

std::string_view name_of(ImageState state) {
    return kStateNames[static_cast<std::size_t>(state)];
}

std::optional<ImageState> parse_image_state(std::string_view name) {
    for (std::size_t i = 0; i < kStateNames.size(); ++i) {
        if (kStateNames[i] == name) return static_cast<ImageState>(i);
    }
    return std::nullopt;
}

bool may_change(ImageState from, ImageState to) {
    using enum ImageState;
    if (from == kDeleted || from == to) return false;
    if (to == kDeleted) return true;
    const bool is_verdict = to == kReady || to == kRejected || to == kQuarantined || to == kFailed;
    switch (from) {
        case kPending:
            return is_verdict || to == kStored || to == kExpired;
        case kStored:
            return is_verdict;
        case kFailed:
            return to == kReady || to == kRejected || to == kQuarantined;
        case kExpired:
            return is_verdict || to == kStored;
        default:
            return false;
    }
}

bool may_replace(ImageState from, ImageState to) {
    using enum ImageState;
    return from == kReady && (to == kReady || to == kRejected || to == kQuarantined);
}

bool is_final(ImageState state) {
    return state != ImageState::kPending && state != ImageState::kStored;
}

bool comes_before(const Variant& a, const Variant& b) {
    return std::tie(a.kind, a.name, a.key) < std::tie(b.kind, b.name, b.key);
}

std::string original_key(const ImageId& id) {
    return id.value + "/original";
}

std::string thumbnail_key(const ImageId& id, std::string_view name) {
    return id.value + "/thumbnails/" + std::string(name);
}

std::string variant_key(const ImageId& id, std::string_view etag, std::string_view canonical) {
    return id.value + "/" + std::string(etag) + "/" + std::string(canonical);
}

std::string rendition_key(const ImageId& id, std::string_view etag, std::uint32_t longer_side_px) {
    return variant_key(id, etag, "rendition-" + std::to_string(longer_side_px));
}

std::optional<ParsedKey> parse_object_key(std::string_view key) {
    const auto slash = key.find('/');
    if (slash == key.npos || !is_uuid_v7(key.substr(0, slash))) return std::nullopt;
    ParsedKey out{ImageId{std::string(key.substr(0, slash))}, {}};
    const auto rest = key.substr(slash + 1);
    if (rest == "original") return out;
    constexpr std::string_view kThumbnails = "thumbnails/";
    if (!rest.starts_with(kThumbnails) || !is_simple_name(rest.substr(kThumbnails.size()))) {
        return std::nullopt;
    }
    out.thumbnail = rest.substr(kThumbnails.size());
    return out;
}

bool is_simple_name(std::string_view name) {
    if (name.empty() || name.size() > 32) return false;
    for (const char c : name) {
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return true;
}

}  // namespace pixgate
