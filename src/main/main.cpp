#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "imaging/sandbox/zygote.h"
#include "main/commands/command_line.h"

extern char** environ;

int main(int argc, char** argv) {
    // This program is also the one that looks at strangers' pictures: then it is nothing else.
    if (const auto exit_code = pixgate::imaging::run_if_zygote(argc, argv)) return *exit_code;
    try {
        std::map<std::string, std::string> environment;
        for (char** entry = environ; *entry != nullptr; ++entry) {
            const std::string_view text = *entry;
            if (const auto equals = text.find('='); equals != text.npos) {
                environment.emplace(text.substr(0, equals), text.substr(equals + 1));
            }
        }
        return pixgate::run_command_line(argc, argv, environment);
    } catch (const std::exception& error) {
        std::cerr << "pixgate: " << error.what() << '\n';
        return 1;
    }
}
