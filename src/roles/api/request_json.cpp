#include "roles/api/request_json.h"

#include <algorithm>
#include <array>

#include "base/json_reader.h"

namespace pixgate::roles {

namespace {

constexpr std::size_t kMaxThumbnails = 100;  // the policy's own limit is lower
constexpr std::size_t kMaxLinks = 50;

// The error of reading a field, with its name.
template <class T>
Result<T> in_field(Result<T> result, std::string_view field) {
    if (!result && result.error().reason.empty()) result.error().reason = field;
    return result;
}

std::unexpected<Error> unknown_field(const std::string& name) {
    return fail(Errc::kInvalidArgument, "unknown field", clean_filename(name));
}

Result<std::uint64_t> read_size(JsonReader& json, std::string_view field) {
    TRY(const std::int64_t size, in_field(json.integer(), field));
    if (size < 1) return fail(Errc::kInvalidArgument, "must be at least 1", std::string(field));
    return static_cast<std::uint64_t>(size);
}

Result<void> need(bool is_there, const char* field) {
    if (is_there) return {};
    return fail(Errc::kInvalidArgument, "is missing", field);
}

Result<ThumbnailRequest> read_thumbnail(JsonReader& json) {
    ThumbnailRequest out;
    CHECK_OK(in_field(json.begin_object(), "thumbnails"));
    for (;;) {
        TRY(const auto name, in_field(json.next_member(), "thumbnails"));
        if (!name) break;
        if (*name == "name") {
            TRY(out.name, in_field(json.string(), "thumbnails.name"));
        } else if (*name == "content_type") {
            TRY(out.content_type, in_field(json.string(), "thumbnails.content_type"));
        } else if (*name == "size_bytes") {
            TRY(out.size_bytes, read_size(json, "thumbnails.size_bytes"));
        } else {
            return unknown_field("thumbnails." + *name);
        }
    }
    CHECK_OK(need(!out.name.empty(), "thumbnails.name"));
    CHECK_OK(need(!out.content_type.empty(), "thumbnails.content_type"));
    CHECK_OK(need(out.size_bytes != 0, "thumbnails.size_bytes"));
    return out;
}

Result<std::vector<ThumbnailRequest>> read_thumbnails(JsonReader& json) {
    std::vector<ThumbnailRequest> out;
    CHECK_OK(in_field(json.begin_array(), "thumbnails"));
    for (;;) {
        TRY(const bool more, in_field(json.next_element(), "thumbnails"));
        if (!more) return out;
        if (out.size() >= kMaxThumbnails)
            return fail(Errc::kInvalidArgument, "too many", "thumbnails");
        TRY(out.emplace_back(), read_thumbnail(json));
    }
}

Result<std::map<std::string, std::string>> read_metadata(JsonReader& json) {
    std::map<std::string, std::string> out;
    CHECK_OK(in_field(json.begin_object(), "metadata"));
    for (;;) {
        TRY(const auto key, in_field(json.next_member(), "metadata"));
        if (!key) return out;
        TRY(out[*key], in_field(json.string(), "metadata." + clean_filename(*key)));
    }
}

Result<void> read_upload_field(JsonReader& json, const std::string& name, UploadRequest& out) {
    using Text = std::pair<std::string_view, std::string UploadRequest::*>;
    constexpr std::array<Text, 4> kTexts{
        {{"filename", &UploadRequest::filename},
         {"content_type", &UploadRequest::content_type},
         {"policy", &UploadRequest::policy},
         {"owner", &UploadRequest::owner}}
    };
    for (const auto& [known, member] : kTexts) {
        if (name != known) continue;
        TRY(out.*member, in_field(json.string(), name));
        return {};
    }
    if (name == "size_bytes") {
        TRY(out.size_bytes, read_size(json, name));
    } else if (name == "checksum_sha256") {
        TRY(out.checksum_sha256, in_field(json.string(), name));
    } else if (name == "thumbnails") {
        TRY(out.thumbnails, read_thumbnails(json));
    } else if (name == "metadata") {
        TRY(out.metadata, read_metadata(json));
    } else if (name == "method") {
        TRY(const std::string method, in_field(json.string(), name));
        if (method != "put")
            return fail(Errc::kInvalidArgument, "put is the only method here", "method");
    } else {
        return unknown_field(name);
    }
    return {};
}

}  // namespace

Result<UploadRequest> parse_upload_request(std::string_view text) {
    UploadRequest out;
    JsonReader json(text);
    CHECK_OK(json.begin_object());
    for (;;) {
        TRY(const auto name, json.next_member());
        if (!name) break;
        CHECK_OK(read_upload_field(json, *name, out));
    }
    CHECK_OK(json.end());
    CHECK_OK(need(!out.filename.empty(), "filename"));
    CHECK_OK(need(!out.content_type.empty(), "content_type"));
    CHECK_OK(need(out.size_bytes != 0, "size_bytes"));
    return out;
}

namespace {

Result<std::vector<std::string>> read_transforms(JsonReader& json, const std::string& name) {
    std::vector<std::string> out;
    CHECK_OK(in_field(json.begin_array(), name));
    for (;;) {
        TRY(const bool more, in_field(json.next_element(), name));
        if (!more) return out;
        if (out.size() >= kMaxLinks) return fail(Errc::kInvalidArgument, "at most 50", name);
        TRY(out.emplace_back(), in_field(json.string(), name));
    }
}

Result<SignedFor> read_family(JsonReader& json, const std::string& name) {
    TRY(const std::string word, in_field(json.string(), name));
    if (word == "listed") return SignedFor::kListed;
    if (word == "image") return SignedFor::kImage;
    return fail(Errc::kInvalidArgument, "is listed or image", name);
}

}  // namespace

Result<LinkRequest> parse_link_request(std::string_view text) {
    LinkRequest out;
    JsonReader json(text);
    CHECK_OK(json.begin_object());
    for (;;) {
        TRY(const auto name, json.next_member());
        if (!name) break;
        if (*name == "transforms") {
            TRY(out.transforms, read_transforms(json, *name));
        } else if (*name == "family") {
            TRY(out.family, read_family(json, *name));
        } else if (*name == "never_expires") {
            TRY(out.never_expires, in_field(json.boolean(), *name));
        } else {
            return unknown_field(*name);
        }
    }
    CHECK_OK(json.end());
    CHECK_OK(need(!out.transforms.empty() || out.family != SignedFor::kNothing, "transforms"));
    return out;
}

Result<RemakePresets::Request> parse_remake_request(std::string_view text) {
    RemakePresets::Request out;
    JsonReader json(text);
    CHECK_OK(json.begin_object());
    for (;;) {
        TRY(const auto name, json.next_member());
        if (!name) break;
        if (*name == "force") {
            TRY(out.is_forced, in_field(json.boolean(), *name));
        } else if (*name == "dry_run") {
            TRY(out.is_dry_run, in_field(json.boolean(), *name));
        } else if (*name == "presets") {
            CHECK_OK(in_field(json.begin_array(), *name));
            for (;;) {
                TRY(const bool more, in_field(json.next_element(), *name));
                if (!more) break;
                if (out.presets.size() >= kMaxLinks)
                    return fail(Errc::kInvalidArgument, "at most 50", *name);
                TRY(out.presets.emplace_back(), in_field(json.string(), *name));
            }
        } else {
            return unknown_field(*name);
        }
    }
    CHECK_OK(json.end());
    return out;
}

}  // namespace pixgate::roles
