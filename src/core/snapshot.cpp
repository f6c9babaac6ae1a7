#include "core/snapshot.h"

#include <array>
#include <boost/json.hpp>

namespace pixgate {

namespace json = boost::json;

namespace {

std::int64_t ms_of(TimePoint t) {
    return t.time_since_epoch().count();
}

json::object write_map(const TextMap& map) {
    json::object out;
    for (const auto& [key, value] : map) out.emplace(key, value);
    return out;
}

json::array variants_json(const std::vector<Variant>& variants) {
    json::array out;
    for (const auto& v : variants) {
        out.push_back(json::object{
            {"name", v.name},
            {"bucket", v.bucket},
            {"key", v.key},
            {"etag", v.etag},
            {"content_type", v.content_type},
            {"width_px", v.width_px},
            {"height_px", v.height_px},
            {"size_bytes", v.size_bytes},
            {"kind", name_of(v.kind)},
        });
    }
    return out;
}

json::array history_json(const std::vector<HistoryEntry>& history) {
    json::array out;
    for (const auto& h : history) {
        out.push_back(
            json::object{{"state", name_of(h.state)}, {"at_ms", ms_of(h.at)}, {"reason", h.reason}}
        );
    }
    return out;
}

// Boost.JSON throws where a member is missing or of another type; read_snapshot() catches.
std::string text(const json::object& object, std::string_view name) {
    return std::string(object.at(name).as_string());
}
template <class N>
N number(const json::object& object, std::string_view name) {
    return object.at(name).to_number<N>();
}
TimePoint time(const json::object& object, std::string_view name) {
    return TimePoint(std::chrono::milliseconds(number<std::int64_t>(object, name)));
}
ImageState state(const json::object& object) {
    return parse_image_state(text(object, "state")).value();
}
// Members that snapshots of older versions do not have.
std::string text_or_none(const json::object& object, std::string_view name) {
    return object.contains(name) ? text(object, name) : std::string();
}
VariantKind kind(const json::object& object) {
    if (!object.contains("kind")) return VariantKind::kThumbnail;
    return parse_variant_kind(text(object, "kind")).value();
}
TextMap read_map(const json::object& object) {
    TextMap out;
    for (const auto& [key, value] : object) {
        out.emplace(key, std::string(value.as_string()));
    }
    return out;
}

Variant read_variant(const json::object& o) {
    return {
        .name = text(o, "name"),
        .bucket = text(o, "bucket"),
        .key = text(o, "key"),
        .etag = text(o, "etag"),
        .content_type = text(o, "content_type"),
        .width_px = number<std::uint32_t>(o, "width_px"),
        .height_px = number<std::uint32_t>(o, "height_px"),
        .size_bytes = number<std::uint64_t>(o, "size_bytes"),
        .kind = kind(o),
    };
}

std::vector<Variant> variants_of(const json::array& list) {
    std::vector<Variant> out;
    out.reserve(list.size());
    for (const auto& v : list) out.push_back(read_variant(v.as_object()));
    return out;
}

std::vector<HistoryEntry> history_of(const json::array& list) {
    std::vector<HistoryEntry> out;
    out.reserve(list.size());
    for (const auto& h : list) {
        const auto& entry = h.as_object();
        out.push_back({state(entry), time(entry, "at_ms"), text(entry, "reason")});
    }
    return out;
}

Image read_image(const json::object& o) {
    Image image;
    image.id.value = text(o, "id");
    image.owner = text(o, "owner");
    image.policy = text(o, "policy");
    image.state = state(o);
    image.reason = text(o, "reason");
    image.filename = text(o, "filename");
    image.bucket = text(o, "bucket");
    image.key = text(o, "key");
    image.declared_type = text(o, "declared_type");
    image.declared_bytes = number<std::uint64_t>(o, "declared_bytes");
    image.etag = text(o, "etag");
    image.content_type = text(o, "content_type");
    image.size_bytes = number<std::uint64_t>(o, "size_bytes");
    image.sha256 = text(o, "sha256");
    image.width_px = number<std::uint32_t>(o, "width_px");
    image.height_px = number<std::uint32_t>(o, "height_px");
    image.frames = number<std::uint32_t>(o, "frames");
    image.has_alpha = o.contains("has_alpha") && o.at("has_alpha").as_bool();
    image.dominant_colour = text_or_none(o, "dominant_colour");
    image.thumbhash = text_or_none(o, "thumbhash");
    image.blurhash = text_or_none(o, "blurhash");
    image.variants = variants_of(o.at("variants").as_array());
    image.history = history_of(o.at("history").as_array());
    image.metadata = read_map(o.at("metadata").as_object());
    image.created_at = time(o, "created_ms");
    image.expires_at = time(o, "expires_ms");
    if (!o.at("ready_ms").is_null()) image.ready_at = time(o, "ready_ms");
    return image;
}

// Memory for the values of one text: on the stack, as far as it goes.
class Parsed {
public:
    explicit Parsed(std::string_view text) : value_(json::parse(text, &memory_)) {}
    const json::value& value() const { return value_; }

private:
    std::array<unsigned char, 8 * 1024> first_;
    json::monotonic_resource memory_{first_.data(), first_.size()};
    json::value value_;
};

}  // namespace

std::string write_snapshot(const Image& image) {
    json::object out{
        {"id", image.id.value},
        {"owner", image.owner},
        {"policy", image.policy},
        {"state", name_of(image.state)},
        {"reason", image.reason},
        {"filename", image.filename},
        {"bucket", image.bucket},
        {"key", image.key},
        {"declared_type", image.declared_type},
        {"declared_bytes", image.declared_bytes},
        {"etag", image.etag},
        {"content_type", image.content_type},
        {"size_bytes", image.size_bytes},
        {"sha256", image.sha256},
        {"width_px", image.width_px},
        {"height_px", image.height_px},
        {"frames", image.frames},
        {"has_alpha", image.has_alpha},
        {"dominant_colour", image.dominant_colour},
        {"thumbhash", image.thumbhash},
        {"blurhash", image.blurhash},
        {"variants", variants_json(image.variants)},
        {"history", history_json(image.history)},
        {"metadata", write_map(image.metadata)},
        {"created_ms", ms_of(image.created_at)},
        {"expires_ms", ms_of(image.expires_at)},
        {"ready_ms", nullptr},
    };
    if (image.ready_at) out["ready_ms"] = ms_of(*image.ready_at);
    return json::serialize(out);
}

Result<Image> read_snapshot(std::string_view text) {
    try {
        return read_image(Parsed(text).value().as_object());
    } catch (const std::exception& e) {
        return fail(Errc::kCorrupt, std::string("stored image: ") + e.what());
    }
}

std::string write_history(const std::vector<HistoryEntry>& history) {
    return json::serialize(history_json(history));
}

std::string write_variants(const std::vector<Variant>& variants) {
    return json::serialize(variants_json(variants));
}

Result<std::vector<HistoryEntry>> read_history(std::string_view text) {
    try {
        return history_of(Parsed(text).value().as_array());
    } catch (const std::exception& e) {
        return fail(Errc::kCorrupt, std::string("stored history: ") + e.what());
    }
}

Result<std::vector<Variant>> read_variants(std::string_view text) {
    try {
        return variants_of(Parsed(text).value().as_array());
    } catch (const std::exception& e) {
        return fail(Errc::kCorrupt, std::string("stored variants: ") + e.what());
    }
}

std::string write_text_map(const TextMap& map) {
    return json::serialize(write_map(map));
}

Result<TextMap> read_text_map(std::string_view text) {
    try {
        if (text == "{}") return TextMap{};
        return read_map(Parsed(text).value().as_object());
    } catch (const std::exception& e) {
        return fail(Errc::kCorrupt, std::string("stored map: ") + e.what());
    }
}

}  // namespace pixgate
