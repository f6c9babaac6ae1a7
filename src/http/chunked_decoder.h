// The chunked transfer coding (RFC 9112 section 7.1), decoded strictly and without I/O. What other
// decoders have read in more than one way is an error: bare LF, white space around the size,
// control characters in an extension, sizes over 16 digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.h"

namespace pixgate::http {

class ChunkedDecoder {
public:
    enum class State : std::uint8_t {
        kNeedMore,  // all of the input was taken; there may be data
        kData,      // data was found; call again with what is left
        kEnd,       // the body and its trailers are over
        kBad,       // close the connection
    };
    struct Step {
        State state = State::kNeedMore;
        std::size_t taken = 0;  // bytes of the input
        ByteView data;          // body bytes, a part of the input
    };

    // One step: at most one piece of data.
    Step decode(ByteView input);

private:
    enum class Phase : std::uint8_t { kSize, kData, kDataEnd, kTrailer, kOver, kFailed };

    // False: broken. A complete line without its CRLF is in line_ where has_line.
    bool take_line(ByteView input, std::size_t& taken, bool& has_line);
    bool begin_chunk();
    bool end_line();

    Phase phase_ = Phase::kSize;
    std::uint64_t left_ = 0;  // bytes of the chunk still to come
    std::size_t overhead_bytes_ = 0;
    std::string line_;
};

}  // namespace pixgate::http
