// Imaging without a sandbox, in this process. For tests and measurements only: main never makes
// one.
#pragma once

#include "imaging/imaging.h"

namespace pixgate::imaging {

class DirectImaging : public Imaging {
public:
    Result<VerifyAnswer> verify(
        int input_fd, std::uint64_t size_bytes, const VerifyRequest& request
    ) override;
    Result<PrepareAnswer> prepare(
        int input_fd, std::uint64_t size_bytes, const PrepareRequest& request
    ) override;
    Result<TransformAnswer> transform(
        int input_fd, std::uint64_t size_bytes, const TransformRequest& request
    ) override;
    Result<StripAnswer> strip_location(int input_fd, std::uint64_t size_bytes, const Limits& limits)
        override;
};

}  // namespace pixgate::imaging
