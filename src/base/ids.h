// Identifiers: UUIDv7 (RFC 9562: 48 bits of Unix milliseconds, then random), random bytes and
// tokens.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace pixgate {

// Cryptographically strong. Aborts where the kernel cannot give them.
void fill_random(std::span<std::byte> out);

// n random bytes in base64url without padding.
std::string random_token(std::size_t n_bytes);

// Makes ids. Tests use FixedIds, so that what they see is predictable.
class IdSource {
public:
    virtual ~IdSource() = default;
    virtual std::string uuid_v7() = 0;  // "0192f0c1-…", lower case, 36 characters; sorts by time
};

class SystemIds : public IdSource {
public:
    explicit SystemIds(const Clock& clock) : clock_(clock) {}
    std::string uuid_v7() override;

private:
    const Clock& clock_;
};

// 00000000-0000-7000-8000-000000000001, …2, …3
class FixedIds : public IdSource {
public:
    std::string uuid_v7() override;

private:
    std::uint64_t next_ = 1;
};

// True for 36 lower-case characters in UUID form with version 7.
bool is_uuid_v7(std::string_view text);

}  // namespace pixgate
