// Each command as a function of what was asked for; exit codes as in command_line.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/caller.h"
#include "main/config.h"

namespace pixgate {

using Environment = std::map<std::string, std::string>;

struct ServeFlags {
    ConfigSources sources;
    std::string ready_file;
};
int serve_command(const ServeFlags& flags);

int config_check_command(const ConfigSources& sources);
int config_docs_command();
// docs/config.md.
std::string config_document();
// Every setting with its default in a few words, for --help.
std::string settings_help();

struct KeyFlags {
    Role role = Role::kServer;
    std::string id;
    std::string owner;
};
int keys_create_command(const KeyFlags& flags);

// How commands find the server: flags, then PIXGATE_URL and PIXGATE_KEY, then the settings and the
// data directory of a server on this machine.
struct RemoteFlags {
    std::string endpoint;
    std::string key;
    ConfigSources sources;
};

struct UploadFlags {
    RemoteFlags remote;
    std::vector<std::string> files;
    std::string policy;
    std::string owner;
    unsigned parallel = 4;
};
int upload_command(const UploadFlags& flags);

struct ListFlags {
    RemoteFlags remote;
    std::string owner;
    std::string state;
    unsigned limit = 50;
};
int images_list_command(const ListFlags& flags);
int images_show_command(const RemoteFlags& remote, const std::string& id);
int images_delete_command(const RemoteFlags& remote, const std::vector<std::string>& ids);

struct RegenerateFlags {
    RemoteFlags remote;
    std::vector<std::string> presets;  // empty: all of each image's policy
    std::string since;                 // "2026-01-31" or RFC 3339: only images made since then
    std::string owner;
    std::string after;  // go on behind this image
    bool is_forced = false;
    bool is_dry_run = false;
    unsigned parallel = 2;
};
int variants_regenerate_command(const RegenerateFlags& flags);

int dead_letters_list_command(const RemoteFlags& remote, unsigned limit);
int dead_letters_redrive_command(const RemoteFlags& remote, const std::vector<std::string>& ids);
int dead_letters_drop_command(const RemoteFlags& remote, const std::vector<std::string>& ids);

// "pixgate: <where>: <text>" for each mistake on standard error.
void print_mistakes(const std::vector<SettingMistake>& mistakes);
// "pixgate: <message>" on standard error; the exit code 1.
int print_failure(const Error& error);

}  // namespace pixgate
