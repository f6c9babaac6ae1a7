#include "main/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "main/commands/commands.h"
#include "main/version.h"

namespace pixgate {

namespace {

// All flags of all commands; each command uses its own.
struct Flags {
    std::string config;
    std::string data_dir;
    std::string listen;
    std::string store_listen;
    std::vector<std::string> roles;
    std::vector<std::string> set;
    ServeFlags serve;
    KeyFlags key;
    std::string role = "server";
    RemoteFlags remote;
    UploadFlags upload;
    ListFlags list;
    RegenerateFlags regenerate;
    unsigned dead_letter_limit = 50;
    std::vector<std::string> ids;
    std::string id;
};

class CommandLine {
public:
    explicit CommandLine(const Environment& environment) : environment_(environment) {
        app_.require_subcommand(1);
        app_.set_version_flag("--version", std::string(kVersion));
        app_.footer(
            "Begin with `pixgate serve`. Every command has its own --help; `pixgate config docs` "
            "explains the settings."
        );
        add_serve();
        add_config();
        add_keys();
        add_upload();
        add_images();
        add_variants();
        add_dead_letters();
        auto* version = app_.add_subcommand("version", "Print the version");
        version->callback([this] {
            std::cout << "pixgate " << kVersion << '\n';
            result_ = 0;
        });
    }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return app_.exit(error) == 0 ? 0 : 2;
        }
        return result_;
    }

private:
    void add_sources(CLI::App& command) {
        command.add_option("--config", f_.config, "TOML file of settings (or PIXGATE_CONFIG)");
        command.add_option("--data-dir", f_.data_dir, "Folder of all that is kept");
        command.add_option("--set", f_.set, "Any setting: --set api.max_connections=100")
            ->type_name("NAME=VALUE")
            ->allow_extra_args(false);
    }

    ConfigSources sources() const {
        ConfigSources out;
        out.file = f_.config;
        out.environment = environment_;
        const auto flag = [&out](const char* name, const std::string& value, const char* shown) {
            if (!value.empty()) out.flags.push_back({name, value, shown});
        };
        flag("data_dir", f_.data_dir, "--data-dir");
        flag("api.listen", f_.listen, "--listen");
        flag("store.listen", f_.store_listen, "--store-listen");
        std::string roles;
        for (const auto& role : f_.roles) roles += (roles.empty() ? "" : ",") + role;
        flag("roles", roles, "--roles");
        for (const auto& text : f_.set) {
            const auto equals = std::min(text.find('='), text.size());
            const auto value = text.substr(std::min(equals + 1, text.size()));
            out.flags.push_back({text.substr(0, equals), value, "--set " + text.substr(0, equals)});
        }
        return out;
    }

    void add_serve() {
        auto* serve = app_.add_subcommand("serve", "Run the server: all roles, or some of them");
        add_sources(*serve);
        serve->add_option(
            "--listen", f_.listen, "Address of API, page and edge; port 0 takes a free one"
        );
        serve->add_option("--store-listen", f_.store_listen, "Address of the object store");
        serve->add_option("--roles", f_.roles, "api, edge, store, function, worker, sweeper")
            ->delimiter(',')
            ->allow_extra_args(false);
        serve->add_option(
            "--ready-file", f_.serve.ready_file,
            "Written once every role answers: URLs and keys as JSON"
        );
        serve->footer(settings_help);
        serve->callback([this] {
            f_.serve.sources = sources();
            result_ = serve_command(f_.serve);
        });
    }

    void add_config() {
        auto* config = app_.add_subcommand("config", "Look at the settings");
        config->require_subcommand(1);
        auto* check = config->add_subcommand(
            "check", "Print what is in force, secrets as stars; exit 2 on mistakes"
        );
        add_sources(*check);
        check->callback([this] { result_ = config_check_command(sources()); });
        auto* docs =
            config->add_subcommand("docs", "Print the reference of all settings, in Markdown");
        docs->callback([this] { result_ = config_docs_command(); });
    }

    void add_keys() {
        auto* keys = app_.add_subcommand("keys", "API keys");
        keys->require_subcommand(1);
        auto* create = keys->add_subcommand(
            "create", "Make a key; print it and the lines for the configuration"
        );
        create->add_option("--role", f_.role, "What it may do")
            ->check(CLI::IsMember({"client", "server", "admin"}))
            ->capture_default_str();
        create->add_option("--id", f_.key.id, "Its name in logs");
        create->add_option(
            "--owner", f_.key.owner, "Whose pictures it acts on; needed for clients"
        );
        create->callback([this] {
            f_.key.role = f_.role == "client"  ? Role::kClient
                          : f_.role == "admin" ? Role::kAdmin
                                               : Role::kServer;
            result_ = keys_create_command(f_.key);
        });
    }

    void add_remote(CLI::App& command) {
        command.add_option("--endpoint", f_.remote.endpoint, "URL of the server (or PIXGATE_URL)");
        command.add_option("--key", f_.remote.key, "API key (or PIXGATE_KEY)");
        add_sources(command);
    }
    RemoteFlags remote() const {
        RemoteFlags out = f_.remote;
        out.sources = sources();
        return out;
    }

    void add_upload() {
        auto* upload = app_.add_subcommand("upload", "Send pictures and wait until they are ready");
        upload->add_option("FILE", f_.upload.files, "Pictures")
            ->required()
            ->check(CLI::ExistingFile);
        add_remote(*upload);
        upload->add_option("--policy", f_.upload.policy, "Rule set to send them under");
        upload->add_option(
            "--owner", f_.upload.owner, "Whose pictures they are (server and admin keys)"
        );
        upload->add_option("--parallel", f_.upload.parallel, "Files at once")
            ->check(CLI::Range(1, 64))
            ->capture_default_str();
        upload->callback([this] {
            f_.upload.remote = remote();
            result_ = upload_command(f_.upload);
        });
    }

    void add_images() {
        auto* images = app_.add_subcommand("images", "Look at pictures, or delete them");
        images->require_subcommand(1);
        auto* list = images->add_subcommand("list", "Newest first");
        add_remote(*list);
        list->add_option("--owner", f_.list.owner, "Only this owner's");
        list->add_option("--state", f_.list.state, "Only in this state");
        list->add_option("--limit", f_.list.limit, "At most so many")
            ->check(CLI::Range(1, 100'000))
            ->capture_default_str();
        list->callback([this] {
            f_.list.remote = remote();
            result_ = images_list_command(f_.list);
        });
        auto* show = images->add_subcommand("show", "All that is known of one, as JSON");
        add_remote(*show);
        show->add_option("ID", f_.id)->required();
        show->callback([this] { result_ = images_show_command(remote(), f_.id); });
        auto* remove = images->add_subcommand("delete", "Remove pictures everywhere");
        add_remote(*remove);
        remove->add_option("ID", f_.ids)->required();
        remove->callback([this] { result_ = images_delete_command(remote(), f_.ids); });
    }

    void add_variants() {
        auto* variants = app_.add_subcommand("variants", "What is made of pictures");
        variants->require_subcommand(1);
        auto* again = variants->add_subcommand(
            "regenerate",
            "Make the presets that ready pictures lack, newest first; exit 1 if one "
            "could not be made. What is there is left alone, so it may be run again."
        );
        add_remote(*again);
        auto& f = f_.regenerate;
        again->add_option("--preset", f.presets, "Only these (default: all of each policy)")
            ->delimiter(',')
            ->allow_extra_args(false);
        again->add_option("--since", f.since, "Only pictures uploaded since: 2026-01-31");
        again->add_option("--owner", f.owner, "Only this owner's");
        again->add_option("--after", f.after, "Go on behind this image, as an earlier run said");
        again->add_flag("--force", f.is_forced, "Also make those that are there");
        again->add_flag("--dry-run", f.is_dry_run, "Only say what is missing");
        again->add_option("--parallel", f.parallel, "Pictures at once")
            ->check(CLI::Range(1, 64))
            ->capture_default_str();
        again->callback([this] {
            f_.regenerate.remote = remote();
            result_ = variants_regenerate_command(f_.regenerate);
        });
    }

    void add_dead_letters() {
        auto* letters =
            app_.add_subcommand("dead-letters", "What could not be done: look, send back, drop");
        letters->require_subcommand(1);
        auto* list = letters->add_subcommand("list", "Newest first");
        add_remote(*list);
        list->add_option("--limit", f_.dead_letter_limit, "At most so many")
            ->check(CLI::Range(1, 100'000))
            ->capture_default_str();
        list->callback([this] {
            result_ = dead_letters_list_command(remote(), f_.dead_letter_limit);
        });
        auto* redrive = letters->add_subcommand("redrive", "Send back to where it came from");
        add_remote(*redrive);
        redrive->add_option("ID", f_.ids)->required();
        redrive->callback([this] { result_ = dead_letters_redrive_command(remote(), f_.ids); });
        auto* drop = letters->add_subcommand("drop", "Forget for good");
        add_remote(*drop);
        drop->add_option("ID", f_.ids)->required();
        drop->callback([this] { result_ = dead_letters_drop_command(remote(), f_.ids); });
    }

    const Environment& environment_;
    Flags f_;
    CLI::App app_{
        "Pixgate takes pictures from browsers into an object store and serves them in any size.",
        "pixgate"
    };
    int result_ = 2;
};

}  // namespace

int run_command_line(int argc, char** argv, const Environment& environment) {
    return CommandLine(environment).run(argc, argv);
}

}  // namespace pixgate
