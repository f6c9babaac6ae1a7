#include "main/edge_settings.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"

namespace pixgate {

namespace {

constexpr std::size_t kMaxPresets = 200;
constexpr std::size_t kMinImgproxyKeyBytes = 32;  // as of our own signing keys

bool knows_dialect(std::string_view name) {
    return std::ranges::any_of(edge::dialect_table(), [&](const auto& d) {
        return d.name == name;
    });
}

std::string raw(const std::string& hex) {
    const auto bytes = hex_decode(hex);
    return bytes ? std::string(as_text(*bytes)) : std::string();
}

}  // namespace

void describe_edge_urls(SettingsTable& t, Config& c) {
    EdgeConfig& e = c.edge;
    t.add(
        "edge.max_age_seconds", e.max_age,
        "How long browsers and caches in front keep public pictures without asking.", 60, 31'536'000
    );
    t.add(
        "edge.presets_only", e.presets_only,
        "Without a signature only presets, no sizes of the list."
    );
    t.add(
        "edge.snap_widths", e.snap_widths,
        "Unsigned sizes off the list are served as the next larger of the list, not refused."
    );
    t.add(
        "edge.unsigned_transforms", e.unsigned_transforms,
        "Every transform without a signature: only where strangers do not reach the edge."
    );
    t.add(
        "edge.auto_formats", e.auto_formats,
        "What `f=auto` may become where it is accepted: webp, avif. AVIF costs about ten times the "
        "CPU of WebP."
    );
    t.add(
        "edge.client_hints", e.client_hints,
        "Takes `w=auto` and `dpr=auto` from Sec-CH-Width and Sec-CH-DPR."
    );
    t.add(
        "edge.dialects", e.dialects,
        "URLs of other image servers that are understood: imgproxy, cloudflare, supabase, ipx."
    );
    t.add(
         "edge.imgproxy_keys", e.imgproxy_keys,
         "Keys of imgproxy's signatures, hex, 32 bytes at least; each belongs to the salt at its "
         "place. All verify."
    )
        .secret();
    t.add("edge.imgproxy_salts", e.imgproxy_salts, "Their salts, hex.").secret();
    t.add(
        "edge.signed_url_window_seconds", e.signed_url_window,
        "Ends of signed URLs are rounded up to it, so that the same URL stays cacheable.", 1, 86'400
    );
    t.add(
        "edge.endless_signatures", e.endless_signatures,
        "Signatures without an end are made and accepted."
    );
    t.add_group(
        "presets", c.presets,
        "Transforms by name, beside the built-in ones (thumb, avatar, w320 to w2048) or in their "
        "place.",
        [](SettingsTable& g, PresetConfig& preset) {
            g.add("name", preset.name, "1 to 32 of a-z 0-9 - _, beginning with a letter.");
            g.add("transform", preset.transform, "Such as `w=640,h=480,fit=cover`.");
        }
    );
}

std::vector<SettingMistake> check_edge_urls(const Config& config, const SettingsTable& table) {
    std::vector<SettingMistake> out;
    const auto say = [&](const std::string& setting, const std::string& text) {
        const auto where = table.where(setting);
        out.push_back({where == "default" ? setting : where, setting + ": " + text});
    };
    const EdgeConfig& e = config.edge;
    for (const auto& format : e.auto_formats) {
        if (format != "webp" && format != "avif") say("edge.auto_formats", "takes webp, avif");
    }
    for (const auto& name : e.dialects) {
        if (!knows_dialect(name))
            say("edge.dialects", "takes imgproxy, cloudflare, supabase, ipx, not " + name);
    }
    if (e.imgproxy_keys.size() != e.imgproxy_salts.size())
        say("edge.imgproxy_salts", "needs one for each of edge.imgproxy_keys");
    for (const auto& key : e.imgproxy_keys) {
        const auto size = raw(key).size();
        if (size == 0)
            say("edge.imgproxy_keys", "each is hex");
        else if (size < kMinImgproxyKeyBytes)
            say("edge.imgproxy_keys", "each has 32 bytes at least, which are 64 digits");
    }
    for (const auto& salt : e.imgproxy_salts) {
        if (raw(salt).empty()) say("edge.imgproxy_salts", "each is hex");
    }
    Presets known;
    std::set<std::string> names;
    if (config.presets.size() > kMaxPresets)
        out.push_back({"presets", "presets: at most " + std::to_string(kMaxPresets)});
    for (const auto& preset : config.presets) {
        if (!names.insert(preset.name).second)
            out.push_back({preset.where, "presets.name: " + preset.name + " is there twice"});
        if (const auto set = known.set(preset.name, preset.transform); !set)
            out.push_back({preset.where, "presets." + preset.name + ": " + set.error().message});
    }
    return out;
}

Presets presets_of(const Config& config) {
    Presets out;
    for (const auto& preset : config.presets) {
        // A mistake was told at the start, and nothing started.
        static_cast<void>(out.set(preset.name, preset.transform));
    }
    return out;
}

Openness openness_of(const Config& config) {
    const EdgeConfig& e = config.edge;
    return {
        .presets_only = e.presets_only,
        .snap_widths = e.snap_widths,
        .arbitrary_sizes = e.arbitrary_sizes,
        .unsigned_transforms = e.unsigned_transforms,
        .has_watermark = !config.imaging.watermark_file.empty(),
    };
}

edge::UrlRules url_rules_of(const Config& config) {
    const EdgeConfig& e = config.edge;
    edge::UrlRules out;
    out.presets = presets_of(config);
    out.openness = openness_of(config);
    const auto has = [&](const char* format) {
        return std::ranges::find(e.auto_formats, format) != e.auto_formats.end();
    };
    out.auto_formats = {.webp = has("webp"), .avif = has("avif")};
    out.client_hints = e.client_hints;
    out.dialects = e.dialects;
    for (std::size_t i = 0; i < e.imgproxy_keys.size() && i < e.imgproxy_salts.size(); ++i) {
        out.imgproxy_keys.push_back({raw(e.imgproxy_keys[i]), raw(e.imgproxy_salts[i])});
    }
    return out;
}

}  // namespace pixgate
