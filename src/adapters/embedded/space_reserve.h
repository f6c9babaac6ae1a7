// A file that only takes up room: DIR/reserve. Deleting things needs space too, for the log of the
// database; on a disk that is full to the last block nothing could ever be deleted again. So when a
// commit finds no space, the reserve is given up, and new work is refused until the disk has room
// for it again. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace pixgate::embedded {

class SpaceReserve {
public:
    // 0 bytes: no reserve, and never tight.
    SpaceReserve(const std::filesystem::path& dir, std::uint64_t bytes);

    // True while less than the reserve's size is free. Asks the disk every 50 ms at most.
    bool is_tight();
    void give_up();
    // Makes the file again once there is room for it four times over.
    void refill();

private:
    std::uint64_t free_bytes() const;

    std::filesystem::path path_;
    std::uint64_t bytes_;
    bool is_there_ = false;
    bool is_tight_ = false;
    std::chrono::steady_clock::time_point asked_at_;
};

}  // namespace pixgate::embedded
