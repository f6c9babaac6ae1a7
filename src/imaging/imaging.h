// What the rest of Pixgate asks of pictures: is this one good, and make me another size of it. The
// sandbox (sandbox/sandbox.h) answers in a child process; tests may use the same code in process
// (direct.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

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

// What can be decoded here at all.
inline constexpr FormatSet kDecodable{Format::kJpeg, Format::kPng,  Format::kGif, Format::kWebp,
                                      Format::kAvif, Format::kHeic, Format::kTiff};

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

inline constexpr Fit kLastFit = Fit::kPad;  // what each means: kScaleDown is never enlarged;
// kContain as large as fits; kCover fills the box, the centre stays; kPad is kContain on a canvas

struct Colour {
    std::uint8_t red = 255, green = 255, blue = 255;
    bool operator==(const Colour&) const = default;
};

struct TransformRequest {
    std::uint32_t width_px = 0;  // of the box; 0: free
    std::uint32_t height_px = 0;
    Fit fit = Fit::kScaleDown;
    std::uint8_t quality = 80;          // 1 to 100; not for PNG
    Format output = Format::kJpeg;      // kJpeg, kWebp or kPng
    Colour background;                  // under transparency in a JPEG, and around kPad
    FormatSet allowed = kDecodable;     // as input
    Limits limits;                      // of the input
    std::uint32_t max_side_px = 4'096;  // of the output
    std::uint64_t max_output_bytes = 32ULL << 20;
};

struct TransformAnswer {
    Refusal refusal = Refusal::kNone;
    Facts facts;         // of the output
    std::string bytes;   // the encoded picture; empty when refused
    std::string detail;  // as in VerifyAnswer
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
    virtual Result<TransformAnswer> transform(
        int input_fd, std::uint64_t size_bytes, const TransformRequest& request
    ) = 0;
};

// kInvalidArgument where the request makes no sense: quality, output format, box over max_side_px.
Result<void> check_request(const TransformRequest& request);

// kCrashed ("bad_reply") unless the bytes are what the facts say and the request asked for: the
// header is read again, outside the child that wrote it.
Result<void> check_output(const TransformAnswer& answer, const TransformRequest& request);

}  // namespace pixgate::imaging
