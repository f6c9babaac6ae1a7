#include "base/ids.h"

#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/encoding.h"

namespace pixgate {

void fill_random(std::span<std::byte> out) {
    auto* data = reinterpret_cast<unsigned char*>(out.data());
    if (RAND_bytes(data, static_cast<int>(out.size())) != 1) {
        std::fputs("pixgate: the kernel gives no random bytes\n", stderr);
        std::abort();
    }
}

std::string random_token(std::size_t n_bytes) {
    std::vector<std::byte> bytes(n_bytes);
    fill_random(bytes);
    return base64url_encode(bytes);
}

static std::string format_uuid(std::array<std::byte, 16> b) {
    b[6] = (b[6] & std::byte{0x0f}) | std::byte{0x70};
    b[8] = (b[8] & std::byte{0x3f}) | std::byte{0x80};
    const std::string hex = hex_encode(b);
    return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' +
           hex.substr(16, 4) + '-' + hex.substr(20);
}

std::string SystemIds::uuid_v7() {
    std::array<std::byte, 16> b{};
    fill_random(b);
    const auto ms = static_cast<std::uint64_t>(clock_.now().time_since_epoch().count());
    for (std::size_t i = 0; i < 6; ++i) b[i] = static_cast<std::byte>((ms >> (40 - 8 * i)) & 0xff);
    return format_uuid(b);
}

std::string FixedIds::uuid_v7() {
    std::array<std::byte, 16> b{};
    const std::uint64_t n = next_++;
    for (std::size_t i = 0; i < 8; ++i) b[15 - i] = static_cast<std::byte>((n >> (8 * i)) & 0xff);
    return format_uuid(b);
}

bool is_uuid_v7(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < 36; ++i) {
        const char c = text[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return text[14] == '7';
}

}  // namespace pixgate
