#include "core/upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/encoding.h"

namespace pixgate {

namespace {

bool is_allowed(const Policy& policy, const std::string& type) {
    return std::ranges::find(policy.allowed_types, type) != policy.allowed_types.end();
}

Result<void> check_thumbnails(const UploadRequest& request, const Policy& policy) {
    const bool are_taken = takes_thumbnails(policy);
    if (are_taken && request.thumbnails.size() > policy.max_thumbnails) {
        return fail(
            Errc::kInvalidArgument, fmt::format("at most {} thumbnails", policy.max_thumbnails),
            "thumbnails"
        );
    }
    std::set<std::string> names;
    for (const auto& thumbnail : request.thumbnails) {
        if (!is_simple_name(thumbnail.name) || !names.insert(thumbnail.name).second) {
            return fail(
                Errc::kInvalidArgument, "thumbnail names are 1 to 32 of a-z 0-9 - _ and differ",
                "thumbnails.name"
            );
        }
        if (thumbnail.size_bytes == 0) {
            return fail(Errc::kInvalidArgument, "must be at least 1", "thumbnails.size_bytes");
        }
        if (!are_taken) continue;
        if (!is_allowed(policy, thumbnail.content_type)) {
            return fail(
                Errc::kUnsupportedMedia, "this type is not allowed for thumbnails",
                "thumbnails.content_type"
            );
        }
        if (thumbnail.size_bytes > policy.max_thumbnail_bytes) {
            return fail(
                Errc::kTooLarge, fmt::format("at most {} bytes", policy.max_thumbnail_bytes),
                "thumbnails.size_bytes"
            );
        }
    }
    return {};
}

Result<void> check_metadata(const UploadRequest& request, const Policy& policy) {
    std::size_t bytes = 0;
    for (const auto& [key, value] : request.metadata) {
        const bool is_listed =
            policy.metadata_keys.empty() ||
            std::ranges::find(policy.metadata_keys, key) != policy.metadata_keys.end();
        if (!is_simple_name(key) || !is_listed) {
            return fail(
                Errc::kInvalidArgument, "this key is not allowed by the policy",
                "metadata." + clean_filename(key)
            );
        }
        bytes += key.size() + value.size();
    }
    if (bytes > policy.max_metadata_bytes) {
        return fail(
            Errc::kTooLarge, fmt::format("at most {} bytes", policy.max_metadata_bytes), "metadata"
        );
    }
    return {};
}

}  // namespace

bool is_owner(std::string_view text) {
    constexpr std::size_t kMaxOwnerBytes = 200;
    return !text.empty() && text.size() <= kMaxOwnerBytes && std::ranges::none_of(text, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

bool takes_thumbnails(const Policy& policy) {
    return policy.thumbnails != Thumbnails::kFunction && policy.max_thumbnails > 0;
}

Result<void> validate(const UploadRequest& request, const Policy& policy) {
    if (!is_owner(request.owner)) {
        return fail(Errc::kInvalidArgument, "1 to 200 bytes without control characters", "owner");
    }
    if (request.filename.size() > 1024 || !is_utf8(request.filename)) {
        return fail(Errc::kInvalidArgument, "at most 1024 bytes of UTF-8", "filename");
    }
    if (!is_allowed(policy, request.content_type)) {
        return fail(
            Errc::kUnsupportedMedia,
            fmt::format("allowed are {}", fmt::join(policy.allowed_types, ", ")), "content_type"
        );
    }
    if (request.size_bytes == 0)
        return fail(Errc::kInvalidArgument, "must be at least 1", "size_bytes");
    if (request.size_bytes > policy.max_bytes) {
        return fail(
            Errc::kTooLarge, fmt::format("at most {} bytes", policy.max_bytes), "size_bytes"
        );
    }
    if (request.checksum_sha256) {
        const auto bytes = base64_decode(*request.checksum_sha256);
        if (!bytes || bytes->size() != 32) {
            return fail(Errc::kInvalidArgument, "must be base64 of 32 bytes", "checksum_sha256");
        }
    }
    CHECK_OK(check_thumbnails(request, policy));
    return check_metadata(request, policy);
}

std::string clean_filename(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size();) {
        const auto c = static_cast<unsigned char>(name[i]);
        const std::size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        const auto piece = name.substr(i, n);
        const bool is_character = is_utf8(piece);
        i += is_character ? n : 1;
        if (!is_character) continue;
        const bool is_control =
            piece.size() == 1 && (c < 0x20 || c == 0x7f || c == '/' || c == '\\');
        // U+200E..F, U+202A..E, U+2066..9: they make "gpj.exe" read "exe.jpg". U+0080..9F: C1
        // controls.
        const bool is_bidi =
            (piece >= "\xe2\x80\x8e" && piece <= "\xe2\x80\x8f") ||
            (piece >= "\xe2\x80\xaa" && piece <= "\xe2\x80\xae") ||
            (piece >= "\xe2\x81\xa6" && piece <= "\xe2\x81\xa9") ||
            (piece.size() == 2 && c == 0xc2 && static_cast<unsigned char>(piece[1]) < 0xa0);
        if (is_control || is_bidi) continue;
        if (out.size() + piece.size() > 255) break;
        out += piece;
    }
    return out;
}

}  // namespace pixgate
