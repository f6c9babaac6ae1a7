// A folder of its own for a test, gone afterwards.
#pragma once

#include <filesystem>

namespace pixgate::tests {

class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace pixgate::tests
