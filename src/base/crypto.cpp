#include "base/crypto.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>

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

namespace {

// One context per thread, set up once: OpenSSL's one-shot calls allocate and look the algorithm up
// each time, which is most of the cost of a short message.
class Sha256Context {
public:
    Sha256Context() : md_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
        EVP_DigestInit_ex2(context_, md_, nullptr);
    }
    ~Sha256Context() {
        EVP_MD_CTX_free(context_);
        EVP_MD_free(md_);
    }
    Sha256Context(const Sha256Context&) = delete;
    Sha256Context& operator=(const Sha256Context&) = delete;

    Sha256 digest(ByteView first, ByteView second) {
        Sha256 out{};
        EVP_DigestInit_ex2(context_, nullptr, nullptr);
        EVP_DigestUpdate(context_, first.data(), first.size());
        EVP_DigestUpdate(context_, second.data(), second.size());
        EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(out.data()), nullptr);
        return out;
    }

private:
    EVP_MD* md_;
    EVP_MD_CTX* context_;
};

Sha256 digest(ByteView first, ByteView second) {
    thread_local Sha256Context context;
    return context.digest(first, second);
}

}  // namespace

Sha256 sha256(ByteView data) {
    return digest(data, {});
}

// RFC 2104: H((key ^ opad) || H((key ^ ipad) || data)).
Sha256 hmac_sha256(ByteView key, ByteView data) {
    std::array<std::byte, 64> block{};
    if (key.size() > block.size()) {
        const Sha256 hashed = sha256(key);
        std::ranges::copy(hashed, block.begin());
    } else {
        std::ranges::copy(key, block.begin());
    }
    auto inner = block;
    for (auto& b : inner) b ^= std::byte{0x36};
    for (auto& b : block) b ^= std::byte{0x5c};
    const Sha256 hashed = digest(inner, data);
    const Sha256 out = digest(block, hashed);
    OPENSSL_cleanse(inner.data(), inner.size());
    OPENSSL_cleanse(block.data(), block.size());
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

struct VerifyKey::State {
    EVP_PKEY* key = nullptr;  // null for kHs256
    std::string secret;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        EVP_PKEY_free(key);
        OPENSSL_cleanse(secret.data(), secret.size());
    }
};

namespace {

template <class T, void (*Free)(T*)>
struct Freer {
    void operator()(T* p) const { Free(p); }
};
template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Freer<T, Free>>;
using KeyPtr = Owned<EVP_PKEY, EVP_PKEY_free>;
using ContextPtr = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;  // a longer modulus only costs the verifier time
constexpr std::size_t kP256Bytes = 32;

// Type and strength of a key against the algorithm it is meant for.
Result<void> check_key(JwtAlgorithm algorithm, EVP_PKEY* key) {
    const auto wrong = [](const char* what) {
        return fail(Errc::kInvalidArgument, std::string("public key: ") + what);
    };
    switch (algorithm) {
        case JwtAlgorithm::kRs256: {
            if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return wrong("RS256 needs an RSA key");
            const int bits = EVP_PKEY_get_bits(key);
            if (bits < kMinRsaBits) return wrong("RSA keys need 2048 bits at least");
            if (bits > kMaxRsaBits) return wrong("RSA keys may have 8192 bits at most");
            return {};
        }
        case JwtAlgorithm::kEs256: {
            std::array<char, 64> group{};
            if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
                EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1 ||
                std::string_view(group.data()) != "prime256v1") {
                return wrong("ES256 needs a P-256 key");
            }
            return {};
        }
        case JwtAlgorithm::kEdDsa:
            if (EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
                return wrong("EdDSA needs an Ed25519 key");
            }
            return {};
        case JwtAlgorithm::kHs256:
            break;
    }
    return wrong("HS256 takes a secret, not a public key");
}

// OpenSSL's own callback asks on the terminal, which a server must never do.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

// A public key from OpenSSL's parameters; null where they make none.
KeyPtr key_from_params(const char* type, OSSL_PARAM_BLD* builder) {
    const Owned<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder));
    const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)
    );
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
        ERR_clear_error();
        return nullptr;
    }
    return KeyPtr(key);
}

// r || s of a JWT as the DER that OpenSSL takes. RFC 7518 section 3.4. Empty where it is none.
Bytes der_of_p256_signature(ByteView signature) {
    if (signature.size() != 2 * kP256Bytes) return {};
    const Owned<ECDSA_SIG, ECDSA_SIG_free> sig(ECDSA_SIG_new());
    BIGNUM* r = BN_bin2bn(raw(signature), kP256Bytes, nullptr);
    BIGNUM* s = BN_bin2bn(raw(signature.subspan(kP256Bytes)), kP256Bytes, nullptr);
    if (!sig || r == nullptr || s == nullptr || ECDSA_SIG_set0(sig.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return {};
    }
    const int size = i2d_ECDSA_SIG(sig.get(), nullptr);
    if (size <= 0) return {};
    Bytes out(static_cast<std::size_t>(size));
    auto* p = reinterpret_cast<unsigned char*>(out.data());
    i2d_ECDSA_SIG(sig.get(), &p);
    return out;
}

bool verify_with(EVP_PKEY* key, const EVP_MD* digest, ByteView data, ByteView signature) {
    const ContextPtr context(EVP_MD_CTX_new());
    const bool ok =
        context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
        EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(data), data.size()) ==
            1;
    ERR_clear_error();
    return ok;
}

}  // namespace

Result<VerifyKey> VerifyKey::from_pem(JwtAlgorithm algorithm, std::string_view pem) {
    const Owned<BIO, BIO_free_all> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    KeyPtr key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
    ERR_clear_error();
    if (!key) {
        return fail(
            Errc::kInvalidArgument,
            "public key: not PEM that begins with -----BEGIN PUBLIC KEY-----"
        );
    }
    return adopt(algorithm, key.release());
}

Result<VerifyKey> VerifyKey::from_rsa(std::string_view n, std::string_view e) {
    TRY(const Bytes modulus, base64url_decode(n));
    TRY(const Bytes exponent, base64url_decode(e));
    if (modulus.size() > kMaxRsaBits / 8 || exponent.size() > 8) {
        return fail(Errc::kInvalidArgument, "public key: RSA keys may have 8192 bits at most");
    }
    const Owned<BIGNUM, BN_free> n_value(
        BN_bin2bn(raw(modulus), static_cast<int>(modulus.size()), nullptr)
    );
    const Owned<BIGNUM, BN_free> e_value(
        BN_bin2bn(raw(exponent), static_cast<int>(exponent.size()), nullptr)
    );
    // An exponent of 1 makes every signature its own message.
    if (!BN_is_odd(e_value.get()) || BN_is_one(e_value.get())) {
        return fail(Errc::kInvalidArgument, "public key: RSA exponent");
    }
    const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n_value.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e_value.get());
    return adopt(JwtAlgorithm::kRs256, key_from_params("RSA", builder.get()).release());
}

Result<VerifyKey> VerifyKey::from_p256(std::string_view x, std::string_view y) {
    TRY(const Bytes x_bytes, base64url_decode(x));
    TRY(const Bytes y_bytes, base64url_decode(y));
    if (x_bytes.size() != kP256Bytes || y_bytes.size() != kP256Bytes) {
        return fail(Errc::kInvalidArgument, "public key: P-256 coordinates have 32 bytes each");
    }
    Bytes point{std::byte{4}};  // uncompressed
    point.insert(point.end(), x_bytes.begin(), x_bytes.end());
    point.insert(point.end(), y_bytes.begin(), y_bytes.end());
    const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(
        builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()
    );
    return adopt(JwtAlgorithm::kEs256, key_from_params("EC", builder.get()).release());
}

Result<VerifyKey> VerifyKey::from_ed25519(std::string_view x) {
    TRY(const Bytes bytes, base64url_decode(x));
    return adopt(
        JwtAlgorithm::kEdDsa,
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(bytes), bytes.size())
    );
}

Result<VerifyKey> VerifyKey::from_secret(std::string_view secret) {
    // RFC 7518 section 3.2: as long as the hash at least.
    if (secret.size() < 32) {
        return fail(Errc::kInvalidArgument, "HS256 needs a secret of 32 bytes at least");
    }
    auto state = std::make_shared<State>();
    state->secret = secret;
    VerifyKey out;
    out.algorithm_ = JwtAlgorithm::kHs256;
    out.state_ = std::move(state);
    return out;
}

Result<VerifyKey> VerifyKey::adopt(JwtAlgorithm algorithm, void* raw_key) {
    auto state = std::make_shared<State>();
    state->key = static_cast<EVP_PKEY*>(raw_key);
    ERR_clear_error();
    if (state->key == nullptr) {
        return fail(Errc::kInvalidArgument, "public key: these numbers are not a key");
    }
    CHECK_OK(check_key(algorithm, state->key));
    VerifyKey out;
    out.algorithm_ = algorithm;
    out.state_ = std::move(state);
    return out;
}

bool VerifyKey::verify(ByteView data, ByteView signature) const {
    if (!state_) return false;
    switch (algorithm_) {
        case JwtAlgorithm::kHs256: {
            const Sha256 want = hmac_sha256(as_bytes(state_->secret), data);
            return signature.size() == want.size() &&
                   CRYPTO_memcmp(signature.data(), want.data(), want.size()) == 0;
        }
        case JwtAlgorithm::kRs256:
            return verify_with(state_->key, EVP_sha256(), data, signature);
        case JwtAlgorithm::kEs256: {
            const Bytes der = der_of_p256_signature(signature);
            return !der.empty() && verify_with(state_->key, EVP_sha256(), data, der);
        }
        case JwtAlgorithm::kEdDsa:
            return verify_with(state_->key, nullptr, data, signature);
    }
    return false;
}

}  // namespace pixgate
