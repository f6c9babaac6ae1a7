// pixgate config check, pixgate config docs, pixgate keys create; and what --help says of the
// settings.
#include <iostream>

#include "base/crypto.h"
#include "main/commands/commands.h"
#include "main/secrets.h"

namespace pixgate {

void print_mistakes(const std::vector<SettingMistake>& mistakes) {
    for (const auto& mistake : mistakes) {
        std::cerr << "pixgate: " << mistake.where << ": " << mistake.text << '\n';
    }
}

int print_failure(const Error& error) {
    std::cerr << "pixgate: " << error.message << '\n';
    return 1;
}

int config_check_command(const ConfigSources& sources) {
    const LoadedConfig loaded = load_config(sources);
    std::cout << loaded.shown;
    print_mistakes(loaded.mistakes);
    return loaded.mistakes.empty() ? 0 : 2;
}

std::string config_document() {
    Config config;
    SettingsTable table;
    describe(table, config);
    return "# Settings\n\n"
           "This page is made by `pixgate config docs` from the table in `src/main/config.cpp`.\n\n"
           "Settings come from a TOML file (`--config FILE` or `PIXGATE_CONFIG`), then from the "
           "environment, then from\n"
           "flags (`--listen`, `--store-listen`, `--data-dir`, `--roles`, or `--set name=value` "
           "for any): the later wins.\n"
           "In the file, `api.listen` is `listen` under `[api]`. Lists are separated by commas in "
           "the environment and in\n"
           "flags. They are read once, at the start; all mistakes are told together, with file and "
           "line, and nothing\n"
           "starts (exit code 2). `pixgate config check` prints what is in force, secrets as "
           "stars.\n\n" +
           document_settings(table);
}

int config_docs_command() {
    std::cout << config_document();
    return 0;
}

std::string settings_help() {
    Config config;
    SettingsTable table;
    describe(table, config);
    std::string out = "Settings (in the file, as PIXGATE_… in the environment, or by --set):\n";
    for (const auto& setting : table.settings()) {
        out += "  " + setting->name + " = " + setting->show() + "\n      " + setting->help + '\n';
    }
    out +=
        "`pixgate config docs` also explains [[api.keys]], [[jwt.keys]], [[edge.signing_keys]] and "
        "[[policies]].";
    return out;
}

int keys_create_command(const KeyFlags& flags) {
    if (flags.role == Role::kClient && flags.owner.empty()) {
        std::cerr << "pixgate: a client key needs --owner: whose pictures it acts on\n";
        return 2;
    }
    std::string id = flags.id;
    if (id.empty()) {
        std::array<std::byte, 4> bytes{};
        fill_random(bytes);
        id = std::string(name_of(flags.role)) + "-" + hex_encode(bytes);
    }
    const std::string key = make_api_key(flags.role);
    std::cout << "# The key itself; it is not kept anywhere else:\n"
              << "#   " << key << "\n"
              << "# For the configuration file:\n"
              << "[[api.keys]]\n"
              << "id = \"" << id << "\"\n"
              << "role = \"" << name_of(flags.role) << "\"\n"
              << "hash = \"" << sha256_hex(key) << "\"\n";
    if (!flags.owner.empty()) std::cout << "owner = " << detail::toml_text(flags.owner) << "\n";
    return 0;
}

}  // namespace pixgate
