#include "tests/support/temp_dir.h"

#include <cstdlib>
#include <stdexcept>

namespace pixgate::tests {

TempDir::TempDir() {
    auto name = (std::filesystem::temp_directory_path() / "pixgate-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace pixgate::tests
