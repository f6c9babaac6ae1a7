// Bytes allocated and time per presign: the whole of issue_upload's signing (one original, one
// thumbnail), measured by counting every operator new and every OpenSSL allocation. Goal: about 2
// KB for each presigned request.
#include <openssl/crypto.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "adapters/s3/upload_signer.h"

static std::atomic<std::uint64_t> allocated_bytes{0};
static std::atomic<std::uint64_t> allocations{0};

static void* counted(std::size_t n) {
    allocated_bytes += n;
    ++allocations;
    return std::malloc(n);
}
void* operator new(std::size_t n) {
    if (void* p = counted(n)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}

static void* openssl_malloc(std::size_t n, const char*, int) {
    return counted(n);
}
static void* openssl_realloc(void* p, std::size_t n, const char*, int) {
    allocated_bytes += n;
    ++allocations;
    return std::realloc(p, n);
}
static void openssl_free(void* p, const char*, int) {
    std::free(p);
}

int main() {
    CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
    const pixgate::SystemClock clock;
    pixgate::aws::PresignConfig config;
    config.endpoint = "http://127.0.0.1:9000";
    config.access_key_id = "AKIAIOSFODNN7EXAMPLE";
    config.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const auto signer = pixgate::s3::make_upload_signer(std::move(config), clock);
    pixgate::PutTarget target{
        "pixgate-originals", "0192f0c1-0000-7000-8000-000000000001/original", "image/jpeg",
        2'900'000, "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
    };
    constexpr int kRounds = 20'000;
    for (int i = 0; i < 100; ++i)
        static_cast<void>(signer->sign_put(target, std::chrono::minutes(5)));
    const auto bytes = allocated_bytes.load();
    const auto count = allocations.load();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) {
        if (!signer->sign_put(target, std::chrono::minutes(5))) return 1;
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    std::printf(
        "presign: %.0f bytes in %.1f allocations, %.2f us each\n",
        static_cast<double>(allocated_bytes.load() - bytes) / kRounds,
        static_cast<double>(allocations.load() - count) / kRounds, took.count() / kRounds
    );
    return 0;
}
