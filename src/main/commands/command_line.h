// The command line: which command, with which flags. Everything it prints for people is in
// src/main/commands/.
#pragma once

#include <map>
#include <string>

namespace pixgate {

// The exit code: 0 done, 1 failed, 2 the command line or the settings are wrong.
int run_command_line(int argc, char** argv, const std::map<std::string, std::string>& environment);

}  // namespace pixgate
