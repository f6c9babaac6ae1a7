#include "main/policy_settings.h"

#include "core/upload.h"

namespace pixgate {

namespace {

// How a picture is checked, and what is made of it.
void describe_processing(SettingsTable& t, const std::string& prefix, Policy& p) {
    t.add(
        prefix + "verify", p.verify, {{"decode", Verify::kDecode}, {"header", Verify::kHeader}},
        "How a picture is checked: every pixel decoded in the sandbox, or its header read."
    );
    t.add(
        prefix + "strip_location", p.strip_location,
        "Takes the place where a picture was taken (GPS in EXIF and XMP, and makers' notes) out of "
        "the stored original and of senders' thumbnails before anything else, without touching a "
        "pixel. What Pixgate makes has none in any case. The video behind a motion photo stays as "
        "it "
        "is, and may say a place of its own."
    );
    t.add(
        prefix + "thumbnails", p.thumbnails,
        {{"browser", Thumbnails::kBrowser},
         {"function", Thumbnails::kFunction},
         {"download", Thumbnails::kDownload}},
        "Who makes small pictures. browser: senders may send thumbnails, and the function makes "
        "the presets at upload; function: the same, but senders get no URLs for thumbnails; "
        "download: presets are made when they are first asked for."
    );
    t.add(
        prefix + "presets", p.presets,
        "Made at upload, before the image is ready. With verify = \"header\" none is."
    );
    t.add(
        prefix + "preset_formats", p.preset_formats,
        "Each preset in each of these: webp, jpeg, avif, png."
    );
    t.add(
        prefix + "preset_effort", p.preset_effort, "Of WebP and AVIF presets: 0 is fast, 6 small.",
        0, 6
    );
    t.add(
        prefix + "preset_final_effort", p.preset_final_effort,
        "Where it is more than preset_effort, presets are made anew with it in the background once "
        "the image is ready, and take the place of the first: ready sooner, small in the end.",
        0, 6
    );
    t.add(prefix + "max_pixels", p.max_pixels, "Width times height at most.", 1, 1'000'000'000);
    t.add(prefix + "max_side_px", p.max_side_px, "Longest side.", 1, 65'535);
    t.add(prefix + "max_frames", p.max_frames, "Frames of an animation at most.", 1, 100'000);
    t.add(
        prefix + "metadata_keys", p.metadata_keys,
        "Keys of metadata a sender may set; empty: any simple name."
    );
    t.add(
        prefix + "max_metadata_bytes", p.max_metadata_bytes, "Keys and values together.", 0, 65'536
    );
}

}  // namespace

void describe_policy(SettingsTable& t, const std::string& prefix, Policy& p) {
    t.add(prefix + "allowed_types", p.allowed_types, "Media types that may be sent.");
    t.add(prefix + "max_bytes", p.max_bytes, "Largest original.", 1, 5LL << 30);
    t.add(
        prefix + "max_thumbnails", p.max_thumbnails, "Thumbnails that come with one picture.", 0, 20
    );
    t.add(
        prefix + "max_thumbnail_bytes", p.max_thumbnail_bytes, "Largest of them.", 1, 100LL << 20
    );
    t.add(
        prefix + "lifetime_seconds", p.lifetime, "How long a permission to upload holds.", 1,
        kMaxUploadLifetime.count()
    );
    t.add(
        prefix + "visibility", p.visibility,
        {{"public", Visibility::kPublic}, {"private", Visibility::kPrivate}},
        "Who may see the result: everyone, or holders of a signed URL."
    );
    t.add(
        prefix + "pending", p.pending,
        {{"absent", WhilePending::kAbsent},
         {"retry", WhilePending::kRetry},
         {"placeholder", WhilePending::kPlaceholder}},
        "What the edge answers while a picture is not checked yet: 404, 202 with Retry-After, or a "
        "grey picture of the size asked for."
    );
    describe_processing(t, prefix, p);
}

}  // namespace pixgate
