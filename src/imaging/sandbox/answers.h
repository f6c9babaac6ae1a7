// From a reply and an output file to what the caller asked for. The reply is parsed already, the
// pictures are not: each is copied out, and then its header read, outside the child that wrote it.
#pragma once

#include "imaging/sandbox/job_files.h"
#include "imaging/sandbox/protocol.h"

namespace pixgate::imaging {

// kCrashed ("bad_reply") where a picture is not what the reply says or the request asked for.
Result<TransformAnswer> take_transform(
    ParsedReply reply, const OutputFile& output, const TransformRequest& request
);
Result<PrepareAnswer> take_prepare(
    ParsedReply reply, const OutputFile& output, const PrepareRequest& request
);

// The stranger's picture again, still unchecked but for this: of the same format as the one at
// `input_fd`, and as long (a PNG may be shorter).
Result<StripAnswer> take_stripped(
    const ParsedReply& reply, int input_fd, std::uint64_t size_bytes, OutputFile output
);

// One product of a first contact, as check_output().
Result<void> check_product(const Product& product, const PrepareRequest& request);

}  // namespace pixgate::imaging
