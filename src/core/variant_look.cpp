#include "core/variant_look.h"

#include "base/crypto.h"

namespace pixgate {

namespace {

constexpr std::size_t kHashDigits = 12;

std::string suffix_of(bool linear_light, bool keep_wide_gamut, std::string_view mark) {
    std::string text;
    if (linear_light) text += "linear_light;";
    if (keep_wide_gamut) text += "keep_wide_gamut;";
    if (!mark.empty()) text += "mark=" + std::string(mark);
    return text.empty() ? text : ",look=" + sha256_hex(text).substr(0, kHashDigits);
}

}  // namespace

std::string name_of(const Transform& transform, const VariantLook& look) {
    const std::string_view mark = transform.watermark.is_on ? look.mark_sha256 : std::string_view();
    return canonical(transform) + suffix_of(look.linear_light, look.keep_wide_gamut, mark);
}

std::string look_suffix(const VariantLook& look) {
    return suffix_of(look.linear_light, look.keep_wide_gamut, {});
}

}  // namespace pixgate
