// Tells whoever started the program that every role answers: on standard output, and in the ready
// file where one is asked for.
#pragma once

#include <string>

#include "main/config.h"

namespace pixgate {

// `api_url` and `store_url`: "http://127.0.0.1:8080". What this process does not have is left out
// of the lines, and empty or null in the file.
//   errors  of writing the file
Result<void> say_ready(
    const Config& config, const std::string& api_url, const std::string& store_url
);

}  // namespace pixgate
