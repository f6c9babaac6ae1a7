#include "core/presets.h"

#include <algorithm>

#include "core/image.h"

namespace pixgate {

namespace {

constexpr Preset cover(std::string_view name, std::uint32_t side) {
    return {name, {.width_px = side, .height_px = side, .fit = Fit::kCrop}};
}
constexpr Preset wide(std::string_view name, std::uint32_t w) {
    return {name, {.width_px = w}};
}

constexpr std::array kPresets{
    cover("thumb", 256), cover("avatar", 128), wide("w320", 320),   wide("w640", 640),
    wide("w960", 960),   wide("w1280", 1280),  wide("w1600", 1600), wide("w2048", 2048),
};

}  // namespace

std::span<const Preset> presets() {
    return kPresets;
}

std::optional<Transform> find_preset(std::string_view name) {
    const auto it = std::ranges::find(kPresets, name, &Preset::name);
    return it == kPresets.end() ? std::nullopt : std::optional(it->transform);
}

Presets::Presets() {
    for (const auto& preset : kPresets) by_name_.emplace(preset.name, preset.transform);
}

Result<void> Presets::set(std::string_view name, std::string_view text) {
    const bool begins_well = !name.empty() && name.front() >= 'a' && name.front() <= 'z';
    // "placeholder" is a place of its own under every picture.
    if (!begins_well || !is_simple_name(name) || name == "placeholder")
        return fail(
            Errc::kInvalidArgument, "a name is 1 to 32 of a-z 0-9 - _ and begins with a letter",
            "name"
        );
    TRY(const Transform transform, parse_transform(text));
    by_name_.insert_or_assign(std::string(name), transform);
    return {};
}

std::optional<Transform> Presets::find(std::string_view name) const {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? std::nullopt : std::optional(it->second);
}

bool Presets::has(const Transform& transform) const {
    const Transform wanted = normalised(transform);
    return std::ranges::any_of(by_name_, [&](const auto& p) { return p.second == wanted; });
}

}  // namespace pixgate
