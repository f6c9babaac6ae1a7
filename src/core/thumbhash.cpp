#include "core/thumbhash.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace pixgate {

namespace {

constexpr std::uint32_t kMaxTerms = 7;  // of luminance, in either direction
constexpr std::uint32_t kColourTerms = 3;
constexpr std::uint32_t kAlphaTerms = 5;

// Low frequencies of one channel of a cosine transform: the mean, and the terms of a triangle.
struct Channel {
    std::uint32_t x_terms = 0;
    std::uint32_t y_terms = 0;
    float mean = 0;
    std::vector<float> terms;

    // Whether the term (x, y) is within the triangle; the mean is not among the terms.
    bool has(std::uint32_t x, std::uint32_t y) const {
        return (x != 0 || y != 0) && x * y_terms < x_terms * (y_terms - y);
    }
};

using Waves = std::array<float, kMaxTerms>;

float value_at(const Channel& channel, const Waves& across, const Waves& down) {
    float value = channel.mean;
    std::size_t i = 0;
    for (std::uint32_t y = 0; y < channel.y_terms; ++y) {
        for (std::uint32_t x = 0; x < channel.x_terms; ++x) {
            if (channel.has(x, y)) value += channel.terms[i++] * across[x] * down[y] * 2;
        }
    }
    return value;
}

Waves waves_at(std::uint32_t position, std::uint32_t length) {
    Waves out{};
    const float angle = std::numbers::pi_v<float> / static_cast<float>(length) *
                        (static_cast<float>(position) + 0.5F);
    for (std::uint32_t i = 0; i < kMaxTerms; ++i) out[i] = std::cos(angle * static_cast<float>(i));
    return out;
}

class Reader {
public:
    explicit Reader(std::string_view hash) : hash_(hash) {}

    Result<void> read() {
        if (hash_.size() < 5) return too_short();
        const std::uint32_t head = byte(0) | byte(1) << 8 | byte(2) << 16;
        const std::uint32_t tail = byte(3) | byte(4) << 8;
        has_alpha = (head >> 23) != 0;
        if (has_alpha && hash_.size() < 6) return too_short();
        const bool is_landscape = (tail >> 15) != 0;
        const std::uint32_t most = has_alpha ? kAlphaTerms : kMaxTerms;
        ratio_x = is_landscape ? most : std::max(1U, tail & 7);
        ratio_y = is_landscape ? std::max(1U, tail & 7) : most;
        light = {std::max(3U, ratio_x), std::max(3U, ratio_y), part(head, 6) / 63, {}};
        yellow_blue = {kColourTerms, kColourTerms, part(head >> 6, 6) / 31.5F - 1, {}};
        red_green = {kColourTerms, kColourTerms, part(head >> 12, 6) / 31.5F - 1, {}};
        alpha = {0, 0, 1, {}};
        if (has_alpha) alpha = {kAlphaTerms, kAlphaTerms, part(byte(5), 4) / 15, {}};
        next_ = has_alpha ? 12 : 10;
        CHECK_OK(read_terms(light, part(head >> 18, 5) / 31));
        CHECK_OK(read_terms(yellow_blue, part(tail >> 3, 6) / 63 * 1.25F));
        CHECK_OK(read_terms(red_green, part(tail >> 9, 6) / 63 * 1.25F));
        if (has_alpha) CHECK_OK(read_terms(alpha, part(byte(5) >> 4, 4) / 15));
        return {};
    }

    bool has_alpha = false;
    std::uint32_t ratio_x = 1;  // width to height, coarsely
    std::uint32_t ratio_y = 1;
    Channel light, yellow_blue, red_green, alpha;

private:
    static std::unexpected<Error> too_short() {
        return fail(Errc::kCorrupt, "a ThumbHash that is too short");
    }
    std::uint32_t byte(std::size_t i) const { return static_cast<unsigned char>(hash_[i]); }
    static float part(std::uint32_t value, unsigned bits) {
        return static_cast<float>(value & ((1U << bits) - 1));
    }

    Result<void> read_terms(Channel& channel, float scale) {
        for (std::uint32_t y = 0; y < channel.y_terms; ++y) {
            for (std::uint32_t x = 0; x < channel.x_terms; ++x) {
                if (!channel.has(x, y)) continue;
                if (next_ / 2 >= hash_.size()) return too_short();
                const std::uint32_t nibble = byte(next_ / 2) >> (next_ % 2 * 4);
                channel.terms.push_back((part(nibble, 4) / 7.5F - 1) * scale);
                ++next_;
            }
        }
        return {};
    }

    std::string_view hash_;
    std::size_t next_ = 0;  // in half bytes
};

char level(float value) {
    return static_cast<char>(
        static_cast<unsigned char>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255))
    );
}

void append_pixel(std::string& out, const Reader& hash, const Waves& across, const Waves& down) {
    const float l = value_at(hash.light, across, down);
    const float p = value_at(hash.yellow_blue, across, down);
    const float q = value_at(hash.red_green, across, down);
    const float blue = l - p * 2 / 3;
    const float red = (3 * l - blue + q) / 2;
    out += level(red);
    out += level(red - q);
    out += level(blue);
    if (hash.has_alpha) out += level(value_at(hash.alpha, across, down));
}

}  // namespace

Result<TinyPicture> decode_thumbhash(
    std::string_view bytes, std::uint32_t width_px, std::uint32_t height_px
) {
    Reader hash(bytes);
    CHECK_OK(hash.read());
    if (width_px == 0 || height_px == 0) {
        width_px = hash.ratio_x;
        height_px = hash.ratio_y;
    }
    const std::uint64_t longer = std::max(width_px, height_px);
    const auto scaled = [longer](std::uint64_t side) {
        const auto px = (side * kPlaceholderSidePx + longer / 2) / longer;
        return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, px));
    };
    TinyPicture out{scaled(width_px), scaled(height_px), hash.has_alpha, {}};
    std::vector<Waves> across;
    for (std::uint32_t x = 0; x < out.width_px; ++x) across.push_back(waves_at(x, out.width_px));
    for (std::uint32_t y = 0; y < out.height_px; ++y) {
        const Waves down = waves_at(y, out.height_px);
        for (const auto& wave : across) append_pixel(out.pixels, hash, wave, down);
    }
    return out;
}

}  // namespace pixgate
