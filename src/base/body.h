// A body that is read once, piece by piece: an HTTP request body, a stored object, generated text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "base/task.h"

namespace pixgate {

class BodySource {
public:
    virtual ~BodySource() = default;

    // The next piece, at most 256 KiB; empty at the end. The view holds until the next call.
    //   errors  kCorrupt (broken framing, fewer bytes than declared), kDeadlineExceeded (too slow),
    //           kTooLarge, kCancelled (the sender went away)
    virtual Task<Result<ByteView>> next() = 0;

    // Bytes in all, where known beforehand.
    virtual std::optional<std::uint64_t> length() const { return std::nullopt; }
};

// A body that is in memory already.
std::unique_ptr<BodySource> make_text_body(std::string text);

// All of it in one string. kTooLarge over `limit` bytes.
Task<Result<std::string>> read_all(BodySource& body, std::size_t limit);

}  // namespace pixgate
