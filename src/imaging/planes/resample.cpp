#include "imaging/planes/resample.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "imaging/planes/kernels.h"

namespace pixgate::imaging {
namespace {

constexpr double kLobes = 3;

const Kernels* chosen_kernels = &best_kernels();

double lanczos(double x) {
    if (std::abs(x) < 1e-9) return 1;
    if (std::abs(x) >= kLobes) return 0;
    const double at = std::numbers::pi * x;
    return kLobes * std::sin(at) * std::sin(at / kLobes) / (at * at);
}

// The weights of one result, edges folded in: from sample `first` on.
struct Tap {
    std::uint32_t first = 0;
    std::vector<double> values;
};

void fill_tap(Tap& tap, double centre, double scale, std::uint32_t source_count) {
    const double reach = kLobes * scale, last = source_count - 1.0;
    const double from = std::ceil(centre - reach - 0.5), to = std::floor(centre + reach - 0.5);
    const double first = std::clamp(from, 0.0, last);
    tap.first = static_cast<std::uint32_t>(first);
    tap.values.assign(static_cast<std::size_t>(std::clamp(to, first, last) - first) + 1, 0);
    double sum = 0;
    for (double k = from; k <= to; ++k) {
        const double weight = lanczos((k + 0.5 - centre) / scale);
        tap.values[static_cast<std::size_t>(std::clamp(k, first, last) - first)] += weight;
        sum += weight;
    }
    if (sum == 0) {
        tap.values.front() = sum = 1;
    }
    for (double& value : tap.values) value /= sum;
}

// To whole numbers whose sum is exact: what rounding takes from one weight goes to the next.
void quantise(const Tap& tap, std::int16_t* out) {
    constexpr double kOne = 1 << Weights::kBits;
    double exact = 0;
    long given = 0;
    for (std::size_t k = 0; k < tap.values.size(); ++k) {
        exact += tap.values[k] * kOne;
        const long upto = std::lround(exact);
        out[k] = static_cast<std::int16_t>(upto - given);
        given = upto;
    }
}

void copy_row(
    const std::uint8_t* from, std::uint32_t source_width, const Axis& across, std::uint8_t* to
) {
    const auto start = static_cast<std::int64_t>(across.start);
    for (std::uint32_t x = 0; x < across.count; ++x) {
        const std::int64_t at = std::clamp<std::int64_t>(start + x, 0, source_width - 1);
        if (at == start + x && start >= 0) {
            const auto run = std::min<std::int64_t>(across.count - x, source_width - at);
            std::memcpy(to + x, from + at, static_cast<std::size_t>(run));
            x += static_cast<std::uint32_t>(run) - 1;
        } else {
            to[x] = from[at];
        }
    }
}

Plane copy(const Plane& source, const Axis& across, const Axis& down) {
    Plane out(across.count, down.count);
    for (std::uint32_t y = 0; y < down.count; ++y) {
        const auto at = std::clamp<std::int64_t>(
            static_cast<std::int64_t>(down.start) + y, 0, source.height() - 1
        );
        copy_row(source.row(static_cast<std::size_t>(at)), source.width(), across, out.row(y));
    }
    return out;
}

}  // namespace

Weights make_weights(const Axis& axis, std::uint32_t source_count, std::uint32_t taps_multiple) {
    Weights out;
    const double scale = std::max(1.0, axis.step);
    Tap tap;
    std::vector<Tap> taps;
    taps.reserve(axis.count);
    std::size_t longest = 1;
    for (std::uint32_t i = 0; i < axis.count; ++i) {
        fill_tap(tap, axis.start + (i + 0.5) * axis.step, scale, source_count);
        longest = std::max(longest, tap.values.size());
        taps.push_back(tap);
    }
    out.taps = ceil_div(static_cast<std::uint32_t>(longest), taps_multiple) * taps_multiple;
    out.values.assign(std::size_t{out.taps} * axis.count, 0);
    for (std::uint32_t i = 0; i < axis.count; ++i) {
        out.first.push_back(taps[i].first);
        quantise(taps[i], out.values.data() + std::size_t{i} * out.taps);
    }
    return out;
}

Plane resample(const Plane& source, const Axis& across, const Axis& down) {
    if (across.is_copy() && down.is_copy()) return copy(source, across, down);
    const Weights w_across = make_weights(across, source.width(), kHorizontalTaps);
    const Weights w_down = make_weights(down, source.height(), kVerticalTaps);
    // Only the columns that the result needs.
    const std::uint32_t left = w_across.first.front() / 32 * 32;
    const std::uint32_t right = std::min(source.width(), w_across.first.back() + w_across.taps);
    std::vector<std::uint32_t> first(w_across.first);
    for (std::uint32_t& at : first) at -= left;
    std::vector<std::int16_t> line(right - left + 64 + w_across.taps);
    std::vector<const std::uint8_t*> rows(w_down.taps);
    Plane out(across.count, down.count);
    for (std::uint32_t y = 0; y < down.count; ++y) {
        for (std::uint32_t k = 0; k < w_down.taps; ++k)
            rows[k] = source.row(std::min(w_down.first[y] + k, source.height() - 1)) + left;
        chosen_kernels->blend_rows(
            rows.data(), w_down.values.data() + std::size_t{y} * w_down.taps, w_down.taps,
            right - left, line.data()
        );
        chosen_kernels->filter_line(
            line.data(), first.data(), w_across.values.data(), w_across.taps, across.count,
            out.row(y)
        );
    }
    return out;
}

RowResampler::RowResampler(Size source, const Axis& across, const Axis& down)
    : source_(source),
      across_(make_weights(across, source.width_px, kHorizontalTaps)),
      down_(make_weights(down, source.height_px, kVerticalTaps)),
      kept_(source.width_px, std::min(down_.taps, source.height_px)),
      out_(across.count, down.count),
      rows_(down_.taps),
      line_(source.width_px + 64 + across_.taps) {}

const std::uint8_t* RowResampler::kept_row(std::uint32_t y) const {
    return kept_.row(y % kept_.height());
}

void RowResampler::push(const std::uint8_t* row) {
    std::memcpy(kept_.row(pushed_ % kept_.height()), row, source_.width_px);
    ++pushed_;
    while (made_ < out_.height() &&
           pushed_ >= std::min(down_.first[made_] + down_.taps, source_.height_px))
        make_row();
}

void RowResampler::make_row() {
    for (std::uint32_t k = 0; k < down_.taps; ++k)
        rows_[k] = kept_row(std::min(down_.first[made_] + k, source_.height_px - 1));
    chosen_kernels->blend_rows(
        rows_.data(), down_.values.data() + std::size_t{made_} * down_.taps, down_.taps,
        source_.width_px, line_.data()
    );
    chosen_kernels->filter_line(
        line_.data(), across_.first.data(), across_.values.data(), across_.taps, out_.width(),
        out_.row(made_)
    );
    ++made_;
}

void use_portable_kernels(bool only) {
    chosen_kernels = only ? &portable_kernels() : &best_kernels();
}

}  // namespace pixgate::imaging
