// The files of a job: what a child reads, and what it writes into.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace pixgate::imaging {

// The same file, but nothing can be written through it, whatever `fd` allows. kInvalidArgument when
// it is no file of at least that size.
Result<UniqueFd> read_only_copy(int fd, std::uint64_t size_bytes);

// Room of a fixed size in memory, shared with a child, which can neither make it grow nor take
// pages away under the reader. Takes memory for what was written only.
class OutputFile {
public:
    static Result<OutputFile> make(std::uint64_t bytes);

    int fd() const { return fd_.get(); }
    std::uint64_t bytes() const { return bytes_; }

    // A copy, made once: look at nothing else, because the child may still be writing.
    Result<std::string> read(std::uint64_t offset, std::uint64_t bytes) const;
    // Itself, once the child has ended: nothing else writes there.
    UniqueFd file() && { return std::move(fd_); }
    // All bytes are 0 afterwards, and take no memory.
    Result<void> wipe() const;

private:
    OutputFile(UniqueFd fd, std::uint64_t bytes) : fd_(std::move(fd)), bytes_(bytes) {}

    UniqueFd fd_;
    std::uint64_t bytes_;
};

}  // namespace pixgate::imaging
