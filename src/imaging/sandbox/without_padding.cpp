#include "imaging/sandbox/without_padding.h"

#include <cstring>
#include <new>

namespace pixgate::imaging {
namespace {

template <class T>
concept Solid = std::has_unique_object_representations_v<T>;  // has no padding

// Copies the value to the same place of a zeroed copy of what it is part of.
struct FieldCopier {
    const std::byte* from;
    std::byte* to;

    std::byte* place_of(const void* field) const {
        return to + (static_cast<const std::byte*>(field) - from);
    }

    void operator()(const Solid auto& field) const {
        std::memcpy(place_of(&field), &field, sizeof field);
    }
    template <Solid T>
    void operator()(const std::optional<T>& field) const {
        if (field) new (place_of(&field)) std::optional<T>(field);
    }
    template <class T, std::size_t N>
        requires(!Solid<T>)
    void operator()(const std::array<T, N>& field) const {
        for (const T& element : field) (*this)(element);
    }

    // Each names all fields of its struct: where one is added there, it is added here, or this does
    // not compile.
    void operator()(const Gravity& value) const {
        const auto& [kind, x, y] = value;
        each(kind, x, y);
    }
    void operator()(const Transform& value) const {
        const auto& [rotate, flip, trim, crop, width, height, fit, enlarge, gravity, background, blur, sharpen, brightness, contrast, saturation, grayscale, watermark, animate, quality, format, metadata] =
            value;
        each(rotate, flip, trim, crop, width, height, fit, enlarge, gravity, background, blur);
        each(sharpen, brightness, contrast, saturation, grayscale, watermark, animate, quality);
        each(format, metadata);
    }
    void operator()(const VerifyRequest& value) const {
        const auto& [declared, check_declared, allowed, limits, full_decode] = value;
        each(declared, check_declared, allowed, limits, full_decode);
    }
    void operator()(const TransformRequest& value) const {
        const auto& [transform, original_width, original_height, effort, source, allowed, limits, max_side, max_pixels, max_bytes, max_total_pixels, linear_light, wide_gamut, mark_bytes] =
            value;
        each(transform, original_width, original_height, effort, source, allowed, limits);
        each(max_side, max_pixels, max_bytes, max_total_pixels, linear_light, wide_gamut);
        each(mark_bytes);
    }
    void operator()(const ProductSpec& value) const {
        const auto& [transform, effort, is_rendition] = value;
        each(transform, effort, is_rendition);
    }
    void operator()(const PrepareRequest& value) const {
        const auto& [verify, product_count, products, max_output_bytes, linear_light, wide_gamut, mark_bytes] =
            value;
        each(verify, product_count, products, max_output_bytes, linear_light, wide_gamut);
        each(mark_bytes);
    }
    void operator()(const JobRequest& value) const {
        const auto& [magic, id, kind, act, input_bytes, output_bytes, limits, verify, transform, prepare] =
            value;
        each(magic, id, kind, act, input_bytes, output_bytes, limits);
        each(verify, transform, prepare);
    }

    void each(const auto&... fields) const { ((*this)(fields), ...); }
};

}  // namespace

RequestBytes without_padding(const JobRequest& request) {
    RequestBytes bytes{};
    FieldCopier{reinterpret_cast<const std::byte*>(&request), bytes.data()}(request);
    return bytes;
}

}  // namespace pixgate::imaging
