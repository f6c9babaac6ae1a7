#include "imaging/direct.h"

#include <sys/mman.h>
#include <unistd.h>

#include "imaging/prepare.h"
#include "imaging/sniff.h"
#include "imaging/strip_location.h"
#include "imaging/transform.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"

namespace pixgate::imaging {
namespace {

class Mapping {
public:
    Mapping(int fd, std::uint64_t size_bytes) : size_(size_bytes) {
        if (size_ == 0) return;
        address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
        if (address_ == MAP_FAILED) size_ = 0;
    }
    ~Mapping() {
        if (size_ != 0) ::munmap(address_, size_);
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    Bytes bytes() const { return {static_cast<const std::uint8_t*>(address_), size_}; }

private:
    void* address_ = nullptr;
    std::size_t size_;
};

}  // namespace

Result<VerifyAnswer> DirectImaging::verify(
    int input_fd, std::uint64_t size_bytes, const VerifyRequest& request
) {
    CHECK_OK(start_vips());
    const Mapping input(input_fd, size_bytes);
    return verify_bytes(input.bytes(), request);
}

Result<PrepareAnswer> DirectImaging::prepare(
    int input_fd, std::uint64_t size_bytes, const PrepareRequest& request
) {
    CHECK_OK(start_vips());
    CHECK_OK(check_prepare(request));
    const Mapping input(input_fd, size_bytes);
    return prepare_bytes(input.bytes(), request);
}

Result<TransformAnswer> DirectImaging::transform(
    int input_fd, std::uint64_t size_bytes, const TransformRequest& request
) {
    CHECK_OK(start_vips());
    CHECK_OK(check_request(request));
    const Mapping input(input_fd, size_bytes);
    return transform_bytes(input.bytes(), request);
}

Result<StripAnswer> DirectImaging::strip_location(
    int input_fd, std::uint64_t size_bytes, const Limits& limits
) {
    if (size_bytes > limits.max_bytes) return StripAnswer{};
    const Mapping input(input_fd, size_bytes);
    const auto stripped = imaging::strip_location(input.bytes(), sniff(input.bytes()), true);
    if (!stripped) return StripAnswer{};
    StripAnswer answer{UniqueFd(::memfd_create("stripped", MFD_CLOEXEC)), stripped->size()};
    if (::write(answer.file.get(), stripped->data(), stripped->size()) != std::ssize(*stripped))
        return fail(Errc::kUnavailable, "no memory for the picture without its place");
    return answer;
}

}  // namespace pixgate::imaging
