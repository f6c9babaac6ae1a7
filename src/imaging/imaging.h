// What the rest of Pixgate asks of pictures: is this one good, and make me another size of it. The
// sandbox (sandbox/sandbox.h) answers in a child process; tests may use the same code in process
// (direct.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "core/transform.h"
#include "imaging/types.h"

namespace pixgate::imaging {

// A set of formats in one word, so that it travels to the child as plain data.
class FormatSet {
public:
    constexpr FormatSet() = default;
    constexpr FormatSet(std::initializer_list<Format> formats) {
        for (const auto format : formats) add(format);
    }
    constexpr void add(Format format) { bits_ |= bit(format); }
    constexpr bool contains(Format format) const { return (bits_ & bit(format)) != 0; }
    constexpr std::uint32_t bits() const { return bits_; }
    static constexpr FormatSet from_bits(std::uint32_t bits) {
        FormatSet set;
        set.bits_ = bits;
        return set;
    }

private:
    static constexpr std::uint32_t bit(Format format) {
        return std::uint32_t{1} << static_cast<unsigned>(format);
    }
    std::uint32_t bits_ = 0;
};

// kUnknown for kAuto.
Format format_of(OutputFormat format);

// What is decoded unless something else is said.
inline constexpr FormatSet kDecodable{Format::kJpeg, Format::kPng,  Format::kGif, Format::kWebp,
                                      Format::kAvif, Format::kHeic, Format::kTiff};

// Only where a policy names it: BMP, and SVG, whose decoder is out of reach until then. True of
// everything in kDecodable too.
constexpr bool can_decode(Format format) {
    return kDecodable.contains(format) || format == Format::kBmp || format == Format::kSvg;
}

struct VerifyRequest {
    // What the sender says that it is; kUnknown is a type we do not know, so never the right one.
    Format declared = Format::kUnknown;
    bool check_declared = true;  // false: nothing was said
    FormatSet allowed = kDecodable;
    Limits limits;
    bool full_decode = true;  // false: the header only
};

struct VerifyAnswer {
    Refusal refusal = Refusal::kNone;
    Facts facts;
    std::string detail;  // for operators: the decoder's own words, printable ASCII; may be empty
};

// Whose bytes they are: a stranger's are touched only in a child of their own, once; what our own
// code encoded is resized in a warm one.
enum class Source : std::uint8_t { kStranger, kOwn };

struct TransformRequest {
    Transform transform{.format = OutputFormat::kJpeg};  // never kAuto
    // The size of the upright original, where `crop` and the focal point are meant in it and the
    // input is a rendition of it; 0: the input is the original.
    std::uint32_t original_width_px = 0;
    std::uint32_t original_height_px = 0;
    std::uint8_t effort = 4;  // of WebP and AVIF: 0 fast to 6 small; of PNG: 0 fast
    Source source = Source::kStranger;
    FormatSet allowed = kDecodable;     // as input
    Limits limits;                      // of the input
    std::uint32_t max_side_px = 4'096;  // of the output
    std::uint64_t max_output_pixels = 16'000'000;
    std::uint64_t max_output_bytes = 32ULL << 20;
    std::uint64_t max_total_output_pixels = 64'000'000;  // of all frames of an animation
    bool linear_light = false;     // resize in linear light: truer for fine bright detail, slower
    bool keep_wide_gamut = false;  // Display P3, with its profile, where sRGB is too small
    // The watermark, encoded: the last so many bytes of the input. 0: there is none.
    std::uint64_t mark_bytes = 0;
};

struct TransformAnswer {
    Refusal refusal = Refusal::kNone;
    Facts facts;         // of the output
    std::string bytes;   // the encoded picture; empty when refused
    std::string detail;  // as in VerifyAnswer
};

inline constexpr std::size_t kMaxProducts = 24;

// A picture made from the one decode at upload.
struct ProductSpec {
    Transform transform;      // format is not kAuto
    std::uint8_t effort = 4;  // as in TransformRequest
    // One of the pictures that other sizes are made from later: upright, sRGB (or Display P3, where
    // PrepareRequest keeps it and the picture needs it), no metadata, JPEG (PNG where the picture
    // has alpha, whatever the transform says), its size only about the one asked for where the
    // decoder gives a near one for nothing (2016 for 2048), chroma in full below 600 px.
    bool is_rendition = false;
};

// First contact: verdict, facts and every product from one decode.
struct PrepareRequest {
    VerifyRequest verify;  // full_decode is taken as true
    std::uint32_t product_count = 0;
    std::array<ProductSpec, kMaxProducts> products;
    std::uint64_t max_output_bytes = 64ULL << 20;  // of all products together
    // As in TransformRequest, of every product; renditions carry no mark.
    bool linear_light = false;
    bool keep_wide_gamut = false;
    std::uint64_t mark_bytes = 0;
};

// What a page shows while the picture is on its way. Made from a copy of at most 100 x 100.
struct Placeholders {
    Rgb dominant;                              // the most frequent colour, coarsely
    std::array<std::uint8_t, 32> thumbhash{};  // ThumbHash: the first thumbhash_bytes
    std::uint8_t thumbhash_bytes = 0;          // 0: none was made
    std::array<char, 64> blurhash{};           // blurhash, 4 x 3 components, NUL-terminated
};

struct Product {
    std::uint32_t index = 0;  // into PrepareRequest::products
    Facts facts;
    std::string bytes;
};

struct PrepareAnswer {
    Refusal refusal = Refusal::kNone;
    Facts facts;  // of the picture as it was sent
    Placeholders placeholders;
    // One for each spec, in their order; empty when refused. A rendition that would be as large as
    // the next smaller one is left out.
    std::vector<Product> products;
    std::string detail;
};

struct StripAnswer {
    UniqueFd file;  // the picture without its place, from the file's start; none: it says no place
    std::uint64_t size_bytes = 0;
};

// Calls block for as long as the work takes: run them through offload(). Thread-safe.
// Errors: kCrashed (the child died; reason "out_of_memory", "policy_violation", "signal_N" or
// "bad_reply"), kDeadlineExceeded (over limits.max_wall_ms), kUnavailable (no sandbox now),
// kInvalidArgument. A picture that is merely bad is no error but a refusal.
// One call is one attempt: whether to try again is for the caller to decide.
class Imaging {
public:
    virtual ~Imaging() = default;

    // `input_fd` needs to be readable and hold `size_bytes` bytes from its start; its offset is
    // neither used nor moved, and it stays the caller's.
    virtual Result<VerifyAnswer> verify(
        int input_fd, std::uint64_t size_bytes, const VerifyRequest& request
    ) = 0;
    virtual Result<PrepareAnswer> prepare(
        int input_fd, std::uint64_t size_bytes, const PrepareRequest& request
    ) = 0;
    virtual Result<TransformAnswer> transform(
        int input_fd, std::uint64_t size_bytes, const TransformRequest& request
    ) = 0;
    // As strip_location() says, makers' notes too; nothing is decoded, so this judges no picture.
    virtual Result<StripAnswer> strip_location(
        int input_fd, std::uint64_t size_bytes, const Limits& limits
    ) = 0;
};

// kInvalidArgument where the request makes no sense: quality, output format, box over max_side_px.
Result<void> check_request(const TransformRequest& request);

// kCrashed ("bad_reply") unless the bytes are what the facts say and the request asked for: the
// header is read again, outside the child that wrote it.
Result<void> check_output(const TransformAnswer& answer, const TransformRequest& request);

}  // namespace pixgate::imaging
