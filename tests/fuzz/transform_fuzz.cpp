// URLs that ask for pictures, in the native form and in every dialect: never crashes, and what is
// understood has one canonical text that means the same.
#include <array>
#include <cstdlib>

#include "core/dialects/dialect.h"
#include "core/transform.h"

namespace {

void check(const pixgate::Transform& transform) {
    if (transform.width_px > pixgate::kMaxOutputSidePx ||
        transform.height_px > pixgate::kMaxOutputSidePx) {
        std::abort();
    }
    const auto again = pixgate::parse_transform(pixgate::canonical(transform));
    if (!again || *again != transform) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace dialects = pixgate::dialects;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto parsed = pixgate::parse_transform(text)) check(*parsed);
    static_cast<void>(pixgate::negotiate(text, size % 2 == 0));

    static const pixgate::Presets kPresets;
    static const std::vector<dialects::ImgproxyKey> kKeys{{"key", "salt"}};
    const dialects::Settings settings{kPresets, kKeys};
    const auto mark = text.find('?');
    const auto path = text.substr(0, mark);
    const auto query = mark == text.npos ? std::string_view() : text.substr(mark + 1);
    constexpr std::array kReaders{
        dialects::read_imgproxy, dialects::read_cloudflare, dialects::read_supabase,
        dialects::read_ipx
    };
    for (const auto read : kReaders) {
        const auto asked = read(path, query, settings);
        if (!asked) continue;
        check(asked->transform);
        if (asked->is_signed && read != &dialects::read_imgproxy) std::abort();
    }
    return 0;
}
