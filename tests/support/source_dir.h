// The folder of this checkout, for tests that read files of it.
#pragma once

#include <string>

namespace pixgate {

std::string source_dir();

}  // namespace pixgate
