#include "imaging/placeholder.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pixgate::imaging {
namespace {

using Samples = std::vector<double>;

struct Extent {
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
};

// ThumbHash samples its cosines in the middle of the pixels, blurhash at their left edge.
constexpr double kMiddle = 0.5, kEdge = 0;

Samples cosines(std::uint32_t n, std::uint32_t k, double at) {
    Samples out(n);
    for (std::uint32_t i = 0; i < n; ++i) out[i] = std::cos(std::numbers::pi * k * (i + at) / n);
    return out;
}

// The mean of `samples` weighted with the basis (across, down).
double project(const Samples& samples, Extent size, const Samples& across, const Samples& down) {
    double sum = 0;
    for (std::uint32_t y = 0; y < size.height_px; ++y) {
        double row = 0;
        const double* at = samples.data() + std::size_t{y} * size.width_px;
        for (std::uint32_t x = 0; x < size.width_px; ++x) row += at[x] * across[x];
        sum += row * down[y];
    }
    return sum / (static_cast<double>(size.width_px) * size.height_px);
}

std::uint32_t rounded(double value) {
    return static_cast<std::uint32_t>(std::max(0.0, std::floor(value + 0.5)));
}

// One channel of a ThumbHash: the low triangle of its cosine transform, the parts but the first
// scaled to 0..1.
struct Channel {
    double constant = 0;
    double scale = 0;
    std::vector<double> parts;
};

Channel encode_channel(const Samples& samples, Extent size, std::uint32_t nx, std::uint32_t ny) {
    Channel out;
    for (std::uint32_t cy = 0; cy < ny; ++cy) {
        const Samples down = cosines(size.height_px, cy, kMiddle);
        for (std::uint32_t cx = 0; cx * ny < nx * (ny - cy); ++cx) {
            const double part = project(samples, size, cosines(size.width_px, cx, kMiddle), down);
            if (cx == 0 && cy == 0) {
                out.constant = part;
            } else {
                out.parts.push_back(part);
                out.scale = std::max(out.scale, std::abs(part));
            }
        }
    }
    for (double& part : out.parts) part = out.scale > 0 ? 0.5 + 0.5 / out.scale * part : 0;
    return out;
}

// Luminance, yellow against blue, red against green, alpha; over the mean colour where transparent.
struct Opponent {
    Samples l, p, q, a;
    bool has_alpha = false;
};

Opponent to_opponent(const SmallPicture& picture) {
    const std::size_t pixels = picture.rgba.size() / 4;
    std::array<double, 3> mean{};
    double alpha_sum = 0;
    for (std::size_t i = 0; i < pixels; ++i) {
        const double alpha = picture.rgba[4 * i + 3] / 255.0;
        for (std::size_t c = 0; c < 3; ++c) mean[c] += alpha / 255.0 * picture.rgba[4 * i + c];
        alpha_sum += alpha;
    }
    if (alpha_sum > 0) {
        for (double& value : mean) value /= alpha_sum;
    }
    Opponent out{Samples(pixels), Samples(pixels), Samples(pixels), Samples(pixels)};
    for (std::size_t i = 0; i < pixels; ++i) {
        const std::uint8_t* pixel = picture.rgba.data() + 4 * i;
        const double alpha = pixel[3] / 255.0;
        const double r = mean[0] * (1 - alpha) + alpha / 255.0 * pixel[0];
        const double g = mean[1] * (1 - alpha) + alpha / 255.0 * pixel[1];
        const double b = mean[2] * (1 - alpha) + alpha / 255.0 * pixel[2];
        out.l[i] = (r + g + b) / 3;
        out.p[i] = (r + g) / 2 - b;
        out.q[i] = r - g;
        out.a[i] = alpha;
        out.has_alpha |= pixel[3] != 255;
    }
    return out;
}

class HashWriter {
public:
    explicit HashWriter(Placeholders& out) : out_(out) {}
    void byte(std::uint32_t value) {
        out_.thumbhash.at(bytes_++) = static_cast<std::uint8_t>(value & 0xFF);
        out_.thumbhash_bytes = static_cast<std::uint8_t>(bytes_);
    }
    void nibbles(const Channel& channel) {
        for (const double part : channel.parts) {
            const std::uint32_t value = rounded(15 * part);
            if (!has_half_) byte(value);
            if (has_half_)
                out_.thumbhash.at(bytes_ - 1) |= static_cast<std::uint8_t>(value << 4 & 0xFF);
            has_half_ = !has_half_;
        }
    }

private:
    Placeholders& out_;
    std::size_t bytes_ = 0;
    bool has_half_ = false;  // the last byte has room for another nibble
};

// The format: https://github.com/evanw/thumbhash, its README and the layout in its decoder.
void write_thumbhash(const SmallPicture& picture, Placeholders& out) {
    const Opponent channels = to_opponent(picture);
    const Extent size{picture.width_px, picture.height_px};
    const double limit = channels.has_alpha ? 5 : 7;
    const double longer = std::max(size.width_px, size.height_px);
    const std::uint32_t lx = std::max(1U, rounded(limit * size.width_px / longer));
    const std::uint32_t ly = std::max(1U, rounded(limit * size.height_px / longer));
    const Channel l = encode_channel(channels.l, size, std::max(3U, lx), std::max(3U, ly));
    const Channel p = encode_channel(channels.p, size, 3, 3);
    const Channel q = encode_channel(channels.q, size, 3, 3);
    const bool is_landscape = size.width_px > size.height_px;
    const std::uint32_t head24 = rounded(63 * l.constant) | rounded(31.5 + 31.5 * p.constant) << 6 |
                                 rounded(31.5 + 31.5 * q.constant) << 12 |
                                 rounded(31 * l.scale) << 18 | (channels.has_alpha ? 1U : 0U) << 23;
    const std::uint32_t head16 = (is_landscape ? ly : lx) | rounded(63 * p.scale) << 3 |
                                 rounded(63 * q.scale) << 9 | (is_landscape ? 1U : 0U) << 15;
    HashWriter writer(out);
    for (const std::uint32_t shift : {0U, 8U, 16U}) writer.byte(head24 >> shift);
    for (const std::uint32_t shift : {0U, 8U}) writer.byte(head16 >> shift);
    Channel a;
    if (channels.has_alpha) {
        a = encode_channel(channels.a, size, 5, 5);
        writer.byte(rounded(15 * a.constant) | rounded(15 * a.scale) << 4);
    }
    for (const Channel* channel : {&l, &p, &q, static_cast<const Channel*>(&a)})
        writer.nibbles(*channel);
}

double to_linear(double srgb) {
    const double value = srgb / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

std::uint32_t to_srgb_byte(double linear) {
    const double value = std::clamp(linear, 0.0, 1.0);
    const double out =
        value <= 0.0031308 ? value * 12.92 : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
    return rounded(out * 255);
}

std::size_t append_base83(Placeholders& out, std::size_t at, std::uint32_t value, int digits) {
    constexpr std::string_view kDigits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
    for (int i = digits - 1; i >= 0; --i) {
        out.blurhash.at(at + static_cast<std::size_t>(i)) = kDigits[value % 83];
        value /= 83;
    }
    return at + static_cast<std::size_t>(digits);
}

std::uint32_t quantised_part(double value, double maximum) {
    const double relative = value / maximum;
    const double root = std::copysign(std::sqrt(std::abs(relative)), relative);
    return static_cast<std::uint32_t>(std::clamp(std::floor(root * 9 + 9.5), 0.0, 18.0));
}

constexpr std::uint32_t kBlurAcross = 4, kBlurDown = 3;

// The format: https://github.com/woltapp/blurhash/blob/master/Algorithm.md. Transparent pixels are
// white, as behind a JPEG.
void write_blurhash(const SmallPicture& picture, Placeholders& out) {
    const std::size_t pixels = picture.rgba.size() / 4;
    std::array<Samples, 3> linear{Samples(pixels), Samples(pixels), Samples(pixels)};
    std::array<double, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = to_linear(static_cast<double>(i));
    for (std::size_t i = 0; i < pixels; ++i) {
        const std::uint32_t alpha = picture.rgba[4 * i + 3];
        for (std::size_t c = 0; c < 3; ++c) {
            const std::uint32_t value = picture.rgba[4 * i + c] * alpha + 255 * (255 - alpha);
            linear.at(c)[i] = table.at((value + 127) / 255);
        }
    }
    std::vector<std::array<double, 3>> parts;
    double maximum = 0;
    const Extent size{picture.width_px, picture.height_px};
    for (std::uint32_t y = 0; y < kBlurDown; ++y) {
        for (std::uint32_t x = 0; x < kBlurAcross; ++x) {
            const double weight = x == 0 && y == 0 ? 1 : 2;
            auto& part = parts.emplace_back();
            for (std::size_t c = 0; c < 3; ++c) {
                part[c] = weight * project(
                                       linear.at(c), size, cosines(size.width_px, x, kEdge),
                                       cosines(size.height_px, y, kEdge)
                                   );
                if (x + y > 0) maximum = std::max(maximum, std::abs(part[c]));
            }
        }
    }
    const auto level =
        static_cast<std::uint32_t>(std::clamp(std::floor(maximum * 166 - 0.5), 0.0, 82.0));
    const double bound = (level + 1) / 166.0;
    std::size_t at = append_base83(out, 0, kBlurAcross - 1 + (kBlurDown - 1) * 9, 1);
    at = append_base83(out, at, level, 1);
    const auto& constant = parts.front();
    at = append_base83(
        out, at,
        to_srgb_byte(constant[0]) << 16 | to_srgb_byte(constant[1]) << 8 |
            to_srgb_byte(constant[2]),
        4
    );
    for (std::size_t i = 1; i < parts.size(); ++i) {
        std::uint32_t value = 0;
        for (const double part : parts[i]) value = value * 19 + quantised_part(part, bound);
        at = append_base83(out, at, value, 2);
    }
}

// Of 16 x 16 x 16 boxes of colours the one with most pixels in it, counted by how opaque they are;
// the mean of what is in there.
void find_dominant(const SmallPicture& picture, Placeholders& out) {
    struct Box {
        std::uint32_t weight = 0, red = 0, green = 0, blue = 0;
    };
    std::vector<Box> boxes(std::size_t{1} << 12);
    for (std::size_t i = 0; i + 3 < picture.rgba.size(); i += 4) {
        const std::uint32_t red = picture.rgba[i], green = picture.rgba[i + 1],
                            blue = picture.rgba[i + 2], alpha = picture.rgba[i + 3];
        Box& box = boxes[(red >> 4) << 8 | (green >> 4) << 4 | blue >> 4];
        box.weight += alpha;
        box.red += alpha * red;
        box.green += alpha * green;
        box.blue += alpha * blue;
    }
    const Box& best = *std::ranges::max_element(boxes, {}, &Box::weight);
    if (best.weight == 0) return;
    const auto mean = [&](std::uint32_t sum) {
        return static_cast<std::uint8_t>((sum + best.weight / 2) / best.weight);
    };
    out.dominant = {mean(best.red), mean(best.green), mean(best.blue)};
}

}  // namespace

Placeholders make_placeholders(const SmallPicture& picture) {
    Placeholders out;
    const std::uint64_t pixels = std::uint64_t{picture.width_px} * picture.height_px;
    if (pixels == 0 || picture.rgba.size() != pixels * 4 ||
        std::max(picture.width_px, picture.height_px) > kPlaceholderSidePx)
        return out;
    write_thumbhash(picture, out);
    write_blurhash(picture, out);
    find_dominant(picture, out);
    return out;
}

}  // namespace pixgate::imaging
