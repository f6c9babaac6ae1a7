// Where the large test material is that is not part of the checkout: pictures, test vectors,
// engines of other systems. PIXGATE_SHARED names the folder; without it, a folder `shared` beside
// the checkout is taken. Neither there: nullopt, and the test says so with GTEST_SKIP. Only this
// file and shared.py know the rule.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "tests/support/source_dir.h"

namespace pixgate::test {

inline std::optional<std::filesystem::path> shared_dir() {
    const char* named = std::getenv("PIXGATE_SHARED");
    std::filesystem::path dir = named != nullptr && *named != '\0'
                                    ? std::filesystem::path(named)
                                    : std::filesystem::path(source_dir()) / ".." / "shared";
    std::error_code error;
    if (!std::filesystem::is_directory(dir, error)) {
        return std::nullopt;
    }
    return std::filesystem::weakly_canonical(dir, error);
}

}  // namespace pixgate::test
