// Hashes, HMAC, signatures, checksums: thin covers over OpenSSL 3. The only folder with OpenSSL's
// EVP.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/encoding.h"

namespace pixgate {

using Sha256 = std::array<std::byte, 32>;
using Md5 = std::array<std::byte, 16>;

Sha256 sha256(ByteView data);
Sha256 hmac_sha256(ByteView key, ByteView data);
inline std::string sha256_hex(std::string_view text) {
    return hex_encode(sha256(as_bytes(text)));
}

// CRC-32 (IEEE) and CRC-32C (Castagnoli), continued from `seed` (0 at first).
std::uint32_t crc32(ByteView data, std::uint32_t seed = 0);
std::uint32_t crc32c(ByteView data, std::uint32_t seed = 0);

enum class HashKind : std::uint8_t { kMd5, kSha1, kSha256 };

// A hash fed piece by piece.
class Hasher {
public:
    explicit Hasher(HashKind kind);
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void update(ByteView data);
    Bytes finish();  // once; 16, 20 or 32 bytes

private:
    struct State;
    std::unique_ptr<State> state_;
};

// A public key (or HMAC secret) that signs JSON Web Tokens. RFC 7518, RFC 8037.
enum class JwtAlgorithm : std::uint8_t { kHs256, kRs256, kEs256, kEdDsa };

class VerifyKey {
public:
    // PEM "-----BEGIN PUBLIC KEY-----" for kRs256 (2048 bits at least), kEs256 (P-256), kEdDsa
    // (Ed25519); kInvalidArgument where type and algorithm differ.
    static Result<VerifyKey> from_pem(JwtAlgorithm algorithm, std::string_view pem);
    // From the members of a JWK (RFC 7517): n, e / crv, x, y / k. base64url texts.
    static Result<VerifyKey> from_rsa(std::string_view n, std::string_view e);
    static Result<VerifyKey> from_p256(std::string_view x, std::string_view y);
    static Result<VerifyKey> from_ed25519(std::string_view x);
    static Result<VerifyKey> from_secret(std::string_view secret);  // raw bytes, 32 at least

    JwtAlgorithm algorithm() const { return algorithm_; }
    // True where `signature` (raw bytes as in a JWT) is this key's over `data`.
    bool verify(ByteView data, ByteView signature) const;

private:
    struct State;
    // Takes an EVP_PKEY; null is an error.
    static Result<VerifyKey> adopt(JwtAlgorithm algorithm, void* raw_key);

    JwtAlgorithm algorithm_ = JwtAlgorithm::kHs256;
    std::shared_ptr<const State> state_;
};

}  // namespace pixgate
