// A named rule set: who may upload what, how it is verified, who may see it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace pixgate {

enum class Visibility : std::uint8_t { kPublic, kPrivate };
enum class Verify : std::uint8_t {
    kHeader,  // magic bytes and header only
    kDecode,  // every pixel decoded in the sandbox
};
// What the edge answers for a picture that was permitted or sent, but not checked yet.
enum class WhilePending : std::uint8_t {
    kAbsent,       // as for one that was never heard of
    kRetry,        // 202 with Retry-After
    kPlaceholder,  // a grey picture of the size asked for
};

// Where thumbnails and standard sizes come from. Renditions and facts are made at upload in any
// case, where pictures are decoded.
enum class Thumbnails : std::uint8_t {
    kBrowser,   // the sender may send thumbnails; the function makes the presets
    kFunction,  // only the function makes any
    kDownload,  // presets are made when they are first asked for
};

inline constexpr std::chrono::seconds kMaxUploadLifetime{
    15 * 60
};  // attack: a URL that lives for ever

struct Policy {
    std::string name = "default";
    std::vector<std::string> allowed_types{"image/jpeg", "image/png",  "image/webp",
                                           "image/gif",  "image/avif", "image/heic"};
    std::uint64_t max_bytes = 25ULL << 20;
    std::uint32_t max_thumbnails = 3;
    std::uint64_t max_thumbnail_bytes = 1ULL << 20;
    std::chrono::seconds lifetime{5 * 60};
    Visibility visibility = Visibility::kPublic;
    WhilePending pending = WhilePending::kRetry;
    Verify verify = Verify::kDecode;
    bool strip_location = false;  // the place is taken out of what was sent, pixels untouched
    std::uint64_t max_pixels = 50'000'000;
    std::uint32_t max_side_px = 16'384;
    std::uint32_t max_frames = 1'500;
    Thumbnails thumbnails = Thumbnails::kBrowser;
    // Made at upload, each in every format, before the image is ready. With Verify::kHeader and
    // Thumbnails::kDownload: none.
    std::vector<std::string> presets{"thumb", "avatar", "w320",  "w640",
                                     "w960",  "w1280",  "w1600", "w2048"};
    std::vector<std::string> preset_formats{"webp"};
    std::uint8_t preset_effort = 4;            // of WebP and AVIF: 0 fast to 6 small
    std::uint8_t preset_final_effort = 0;      // made anew with it once the image is ready
    std::vector<std::string> metadata_keys;    // keys a client may set; empty: any simple name
    std::uint32_t max_metadata_bytes = 2'048;  // keys and values together, as S3's user metadata

    bool makes_presets_anew() const { return preset_final_effort > preset_effort; }
    // Of presets that are made after the upload.
    std::uint8_t final_effort() const {
        return makes_presets_anew() ? preset_final_effort : preset_effort;
    }
};

}  // namespace pixgate
