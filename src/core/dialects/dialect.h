// URLs as other image servers write them, read onto our transforms and our images. A dialect never
// fetches anything: a source is one of our pictures, or there is no such picture. Pure rules; one
// file each, called by roles/edge/ask.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/image.h"
#include "core/presets.h"
#include "core/transform_text.h"

namespace pixgate::dialects {

struct Asked {
    ImageId id;
    Transform transform;                       // normalised
    bool is_signed = false;                    // by the dialect's own signature
    std::optional<std::int64_t> expires_at_s;  // Unix time, said in the URL
    bool keeps_format = false;  // JPEG or PNG, whatever is accepted (transform.format is kAuto)
};

struct ImgproxyKey {
    std::string key;  // raw bytes
    std::string salt;
};

struct Settings {
    const Presets& presets;
    const std::vector<ImgproxyKey>& imgproxy_keys;
};

// `path` is raw, begins with '/' and stands behind the dialect's prefix; `query` is raw.
// kInvalidArgument with the option's name in `reason`; kNotFound for a source that is not ours;
// kPermissionDenied for a signature that is wrong.
Result<Asked> read_imgproxy(
    std::string_view path, std::string_view query, const Settings& settings
);
Result<Asked> read_cloudflare(
    std::string_view path, std::string_view query, const Settings& settings
);
Result<Asked> read_supabase(
    std::string_view path, std::string_view query, const Settings& settings
);
Result<Asked> read_ipx(std::string_view path, std::string_view query, const Settings& settings);

// base64url, unpadded, of HMAC-SHA256 over salt and path (which begins with '/', without the
// signature). Source: imgproxy, "Signing a URL".
std::string imgproxy_signature(const ImgproxyKey& key, std::string_view path);

// "{id}", "pixgate://{id}", "s3://pixgate-originals/{id}/original"; kNotFound for others.
Result<ImageId> own_image(std::string_view source);

// The parts between `separator`s: "a::b" has three. At most 32, then kInvalidArgument.
Result<std::vector<std::string_view>> parts_of(std::string_view text, char separator);

std::optional<OutputFormat> format_of_extension(std::string_view extension);

// What `said` says other than the default, all but fit and metadata, replaces what stands in
// `onto`.
void lay_over(Transform& onto, const Transform& said);

// False where there is no value; the target is then as it was.
template <class T>
bool store(T& target, std::optional<std::uint32_t> value) {
    if (value) target = static_cast<T>(*value);
    return value.has_value();
}

// Ours is mirrored after the turn; where they mirror first, this is the mirror that does the same.
Flip after_turn(Flip flip, std::uint16_t rotate_degrees);

inline std::unexpected<Error> wrong_option(std::string_view name) {
    const std::string shown(name.substr(0, 16));
    return fail(
        Errc::kInvalidArgument, "option '" + shown + "' is unknown here or out of range", shown
    );
}

}  // namespace pixgate::dialects
