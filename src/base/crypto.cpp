#include "base/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace pixgate {

namespace {

const unsigned char* raw(ByteView v) {
    return reinterpret_cast<const unsigned char*>(v.data());
}

template <std::uint32_t Polynomial>
constexpr std::array<std::array<std::uint32_t, 256>, 8> make_tables() {
    std::array<std::array<std::uint32_t, 256>, 8> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? (c >> 1) ^ Polynomial : c >> 1;
        t[0][i] = c;
    }
    for (std::uint32_t i = 0; i < 256; ++i) {
        for (std::size_t k = 1; k < 8; ++k) t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 255];
    }
    return t;
}

// Slicing by eight: eight look-ups for eight bytes instead of one after another.
template <std::uint32_t Polynomial>
std::uint32_t crc(ByteView data, std::uint32_t seed) {
    static constexpr auto kTables = make_tables<Polynomial>();
    std::uint32_t c = ~seed;
    const auto* p = raw(data);
    std::size_t n = data.size();
    for (; n >= 8; p += 8, n -= 8) {
        c ^= static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 |
             static_cast<std::uint32_t>(p[2]) << 16 | static_cast<std::uint32_t>(p[3]) << 24;
        c = kTables[7][c & 255] ^ kTables[6][(c >> 8) & 255] ^ kTables[5][(c >> 16) & 255] ^
            kTables[4][c >> 24] ^ kTables[3][p[4]] ^ kTables[2][p[5]] ^ kTables[1][p[6]] ^
            kTables[0][p[7]];
    }
    for (; n > 0; ++p, --n) c = (c >> 8) ^ kTables[0][(c ^ *p) & 255];
    return ~c;
}

}  // namespace

Sha256 sha256(ByteView data) {
    Sha256 out{};
    EVP_Digest(
        data.data(), data.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
        EVP_sha256(), nullptr
    );
    return out;
}

Sha256 hmac_sha256(ByteView key, ByteView data) {
    Sha256 out{};
    unsigned int size = 32;
    HMAC(
        EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(data), data.size(),
        reinterpret_cast<unsigned char*>(out.data()), &size
    );
    return out;
}

std::uint32_t crc32(ByteView data, std::uint32_t seed) {
    return crc<0xEDB88320>(data, seed);
}
std::uint32_t crc32c(ByteView data, std::uint32_t seed) {
    return crc<0x82F63B78>(data, seed);
}

struct Hasher::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher(HashKind kind) : state_(std::make_unique<State>()) {
    const EVP_MD* md = kind == HashKind::kMd5    ? EVP_md5()
                       : kind == HashKind::kSha1 ? EVP_sha1()
                                                 : EVP_sha256();
    EVP_DigestInit_ex(state_->context, md, nullptr);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(ByteView data) {
    EVP_DigestUpdate(state_->context, data.data(), data.size());
}

Bytes Hasher::finish() {
    Bytes out(EVP_MAX_MD_SIZE);
    unsigned int size = 0;
    EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(out.data()), &size);
    out.resize(size);
    return out;
}

}  // namespace pixgate
