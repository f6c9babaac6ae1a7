#include "imaging/planes/srgb_profile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace pixgate::imaging {
namespace {

constexpr std::size_t kSpaceAt = 16, kConnectionAt = 20, kTagTableAt = 128;
constexpr std::uint32_t kMaxTags = 100;
constexpr double kColumnTolerance = 0.004;
// In parts of the encoded scale: two steps of 255.
constexpr double kCurveTolerance = 2.0 / 255;

// Adapted to D50, as profiles hold them.
struct Column {
    std::string_view tag;
    std::array<double, 3> xyz;
};
constexpr std::array<Column, 3> kSrgb{{
    {"rXYZ", {0.4361, 0.2225, 0.0139}},
    {"gXYZ", {0.3851, 0.7169, 0.0971}},
    {"bXYZ", {0.1431, 0.0606, 0.7141}},
}};

std::optional<Bytes> find_tag(Bytes profile, std::string_view name) {
    ByteReader reader(profile);
    reader.seek(kTagTableAt);
    const std::uint32_t tags = reader.u32();
    if (!reader.ok() || tags > kMaxTags) return std::nullopt;
    for (std::uint32_t i = 0; i < tags; ++i) {
        const Bytes signature = reader.take(4);
        const std::uint32_t at = reader.u32(), bytes = reader.u32();
        if (!reader.ok()) return std::nullopt;
        if (!is(signature, name)) continue;
        ByteReader tag(profile);
        tag.seek(at);
        const Bytes found = tag.take(bytes);
        if (!tag.ok()) return std::nullopt;
        return found;
    }
    return std::nullopt;
}

double fixed(std::uint32_t s15_fixed16) {
    return static_cast<std::int32_t>(s15_fixed16) / 65536.0;
}

bool is_column(Bytes profile, const Column& column) {
    const auto tag = find_tag(profile, column.tag);
    if (!tag || !starts_with(*tag, "XYZ ")) return false;
    ByteReader reader(*tag);
    reader.skip(8);
    bool is_near = true;
    for (const double wanted : column.xyz)
        is_near &= std::abs(fixed(reader.u32()) - wanted) < kColumnTolerance;
    return is_near && reader.ok();
}

double encoded(double linear) {
    const double value = std::clamp(linear, 0.0, 1.0);
    return value <= 0.0031308 ? value * 12.92 : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
}

// curveType, ICC.1:2010 10.5: nothing, one exponent, or samples.
std::optional<double> sampled_curve(Bytes tag, double at) {
    ByteReader reader(tag);
    reader.skip(8);
    const std::uint32_t count = reader.u32();
    if (!reader.ok() || reader.remaining() < std::uint64_t{count} * 2) return std::nullopt;
    if (count == 0) return at;
    if (count == 1) return std::pow(at, reader.u16() / 256.0);
    const double exact = at * (count - 1);
    const auto low = static_cast<std::uint32_t>(exact);
    reader.skip(std::uint64_t{std::min(low, count - 2)} * 2);
    const double left = reader.u16() / 65535.0, right = reader.u16() / 65535.0;
    return left + (right - left) * (exact - std::min(low, count - 2));
}

// parametricCurveType, 10.16: type 3 is the one that sRGB is written with.
std::optional<double> parametric_curve(Bytes tag, double at) {
    ByteReader reader(tag);
    reader.skip(8);
    const std::uint16_t type = reader.u16();
    reader.skip(2);
    std::array<double, 5> p{};  // g a b c d
    if (type != 3) return std::nullopt;
    for (double& value : p) value = fixed(reader.u32());
    if (!reader.ok()) return std::nullopt;
    return at >= p[4] ? std::pow(p[1] * at + p[2], p[0]) : p[3] * at;
}

bool is_curve(Bytes profile, std::string_view name) {
    const auto tag = find_tag(profile, name);
    if (!tag) return false;
    for (const double at : {0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0}) {
        const auto linear = starts_with(*tag, "curv")   ? sampled_curve(*tag, at)
                            : starts_with(*tag, "para") ? parametric_curve(*tag, at)
                                                        : std::nullopt;
        // Not a number is not near either.
        if (!linear || !(std::abs(encoded(*linear) - at) <= kCurveTolerance)) return false;
    }
    return true;
}

}  // namespace

bool is_srgb_profile(Bytes profile) {
    if (!starts_with(profile, "RGB ", kSpaceAt) || !starts_with(profile, "XYZ ", kConnectionAt))
        return false;
    if (find_tag(profile, "A2B0") || find_tag(profile, "A2B1")) return false;
    return std::ranges::all_of(kSrgb, [&](const Column& c) { return is_column(profile, c); }) &&
           is_curve(profile, "rTRC") && is_curve(profile, "gTRC") && is_curve(profile, "bTRC");
}

}  // namespace pixgate::imaging
