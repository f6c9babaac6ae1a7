#include "core/transform_text.h"

#include <algorithm>

namespace pixgate {

namespace {

constexpr std::size_t kMaxDigits = 9;  // fits 32 bits

std::optional<std::uint32_t> digits(std::string_view text) {
    if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return value;
}

std::optional<std::uint32_t> within(std::uint64_t value, std::uint32_t min, std::uint32_t max) {
    if (value < min || value > max) return std::nullopt;
    return static_cast<std::uint32_t>(value);
}

bool has_leading_zero(std::string_view text) {
    return text.size() > 1 && text.front() == '0';
}

std::optional<std::uint8_t> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    return std::nullopt;
}

std::uint32_t scaled(std::uint32_t value, std::uint32_t percent) {
    return static_cast<std::uint32_t>((std::uint64_t{value} * percent + 50) / 100);
}

}  // namespace

std::optional<std::uint32_t> whole_number(
    std::string_view text, std::uint32_t min, std::uint32_t max
) {
    const auto value = digits(text);
    if (!value || has_leading_zero(text)) return std::nullopt;
    return within(*value, min, max);
}

std::optional<std::uint32_t> decimal_number(
    std::string_view text, unsigned decimals, std::uint32_t min, std::uint32_t max
) {
    const auto point = text.find('.');
    const auto whole = digits(text.substr(0, point));
    if (!whole || has_leading_zero(text.substr(0, point))) return std::nullopt;
    std::uint64_t value = *whole;
    std::string fraction;
    if (point != text.npos) {
        fraction = text.substr(point + 1);
        if (fraction.empty() || fraction.size() > decimals) return std::nullopt;
    }
    fraction.resize(decimals, '0');
    for (const char c : fraction) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return within(value, min, max);
}

std::string decimal_text(std::uint32_t value, unsigned decimals) {
    std::string text = std::to_string(value);
    if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
    const std::size_t point = text.size() - decimals;
    std::string fraction = text.substr(point);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text.resize(point);
    return fraction.empty() ? text : text + '.' + fraction;
}

std::optional<Rgb> colour(std::string_view text) {
    if (text.size() != 3 && text.size() != 6) return std::nullopt;
    std::array<std::uint8_t, 3> out{};
    const std::size_t each = text.size() / 3;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto high = hex_digit(text[i * each]);
        const auto low = hex_digit(text[i * each + each - 1]);
        if (!high || !low) return std::nullopt;
        out[i] = static_cast<std::uint8_t>(*high * 16 + *low);
    }
    return Rgb{out[0], out[1], out[2]};
}

std::optional<Gravity> focal_point(std::string_view text) {
    const auto cross = text.find('x');
    if (cross == text.npos) return std::nullopt;
    const auto x = decimal_number(text.substr(0, cross), 3, 0, 1'000);
    const auto y = decimal_number(text.substr(cross + 1), 3, 0, 1'000);
    if (!x || !y) return std::nullopt;
    return Gravity{
        GravityKind::kPoint, static_cast<std::uint16_t>(*x), static_cast<std::uint16_t>(*y)
    };
}

std::optional<std::uint8_t> quality(std::string_view text) {
    constexpr std::array<std::string_view, 4> kWords{"low", "medium-low", "medium-high", "high"};
    constexpr std::array<std::uint8_t, 4> kValues{45, 65, 80, 90};
    if (const auto i = place_of(kWords, text)) return kValues[*i];
    const auto n = whole_number(text, 1, 100);
    if (!n) return std::nullopt;
    return static_cast<std::uint8_t>(*n);
}

Result<Transform> finished(TransformDraft draft) {
    Transform& t = draft.transform;
    const bool needs_box = t.fit != Fit::kScaleDown && t.fit != Fit::kContain;
    if (needs_box && (t.width_px == 0 || t.height_px == 0)) {
        return fail(Errc::kInvalidArgument, "this fit needs width and height", "fit");
    }
    const auto grown = [&](std::uint32_t px) {
        return px == 0 ? 0 : std::max(1U, scaled(px, draft.dpr_percent));
    };
    t.width_px = grown(t.width_px);
    t.height_px = grown(t.height_px);
    if (t.width_px > kMaxOutputSidePx || t.height_px > kMaxOutputSidePx) {
        return fail(Errc::kInvalidArgument, "too large with this dpr", "dpr");
    }
    // Without a size asked for, dpr says nothing.
    if (draft.dpr_grows_blur && (t.width_px != 0 || t.height_px != 0)) {
        t.blur_tenths = static_cast<std::uint16_t>(
            std::min(scaled(t.blur_tenths, draft.dpr_percent), kMaxBlurTenths)
        );
    }
    return normalised(t);
}

}  // namespace pixgate
