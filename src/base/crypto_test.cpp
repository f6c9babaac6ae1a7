#include "base/crypto.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/support/sigv4_vectors.h"

namespace pixgate {
namespace {

struct ChecksumVector {
    std::string input, crc32, crc32c, sha1, sha256, md5;
};

std::vector<ChecksumVector> checksum_vectors() {
    std::vector<ChecksumVector> out;
    const auto root = boost::json::parse(testing::read_golden("checksums.json"));
    for (const auto& value : root.as_array()) {
        const auto& o = value.as_object();
        const auto text = [&](const char* name) { return std::string(o.at(name).as_string()); };
        std::string input;
        if (o.contains("repeat")) {
            const auto& repeat = o.at("repeat").as_array();
            input.assign(static_cast<std::size_t>(repeat[1].as_int64()), repeat[0].as_string()[0]);
        } else {
            input = text("input");
        }
        out.push_back(
            {input, text("CRC32"), text("CRC32C"), text("SHA1"), text("SHA256"), text("MD5_base64")}
        );
    }
    return out;
}

std::string base64_big_endian(std::uint32_t value) {
    Bytes bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<std::byte>((value >> shift) & 255));
    }
    return base64_encode(bytes);
}

// Fed in pieces of 7 bytes: state must carry over.
std::string base64_hash(HashKind kind, std::string_view input) {
    Hasher hasher(kind);
    for (std::size_t i = 0; i < input.size(); i += 7) hasher.update(as_bytes(input.substr(i, 7)));
    return base64_encode(hasher.finish());
}

TEST(Checksums, AllAlgorithmsGiveTheKnownValuesWholeAndInPieces) {
    const auto vectors = checksum_vectors();
    ASSERT_EQ(vectors.size(), 5U);
    for (const auto& v : vectors) {
        EXPECT_EQ(base64_big_endian(crc32(as_bytes(v.input))), v.crc32);
        EXPECT_EQ(base64_big_endian(crc32c(as_bytes(v.input))), v.crc32c);
        std::uint32_t crc = 0;
        std::uint32_t crc_c = 0;
        for (std::size_t i = 0; i < v.input.size(); i += 7) {
            crc = crc32(as_bytes(std::string_view(v.input).substr(i, 7)), crc);
            crc_c = crc32c(as_bytes(std::string_view(v.input).substr(i, 7)), crc_c);
        }
        EXPECT_EQ(base64_big_endian(crc), v.crc32);
        EXPECT_EQ(base64_big_endian(crc_c), v.crc32c);
        EXPECT_EQ(base64_hash(HashKind::kSha1, v.input), v.sha1);
        EXPECT_EQ(base64_hash(HashKind::kSha256, v.input), v.sha256);
        EXPECT_EQ(base64_hash(HashKind::kMd5, v.input), v.md5);
        EXPECT_EQ(base64_encode(sha256(as_bytes(v.input))), v.sha256);
    }
}

// Source: RFC 4231, test cases 1, 2, 4 and 6.
TEST(HmacSha256, GivesTheValuesOfRfc4231) {
    const auto mac = [](const std::string& key, const std::string& data) {
        return hex_encode(hmac_sha256(as_bytes(key), as_bytes(data)));
    };
    EXPECT_EQ(
        mac(std::string(20, '\x0b'), "Hi There"),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    );
    EXPECT_EQ(
        mac("Jefe", "what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    std::string counting;
    for (char c = 1; c <= 25; ++c) counting += c;
    EXPECT_EQ(
        mac(counting, std::string(50, '\xcd')),
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
    );
    EXPECT_EQ(
        mac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}

}  // namespace
}  // namespace pixgate
