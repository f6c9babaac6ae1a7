// pixgate serve.
#include <sys/prctl.h>

#include <iostream>

#include "imaging/sandbox/zygote.h"
#include "main/commands/commands.h"
#include "main/secrets.h"
#include "main/wire.h"

namespace pixgate {

int serve_command(const ServeFlags& flags) {
    // First of all: what the sandbox forks from must hold no secret and no second thread.
    auto zygote = imaging::start_zygote();
    if (!zygote) return print_failure(zygote.error());
    // No core file and no other process of the same user shall hold the secrets that are read now.
    ::prctl(PR_SET_DUMPABLE, 0);

    LoadedConfig loaded = load_config(flags.sources);
    if (!loaded.mistakes.empty()) {
        print_mistakes(loaded.mistakes);
        return 2;
    }
    Config& config = loaded.config;
    config.ready_file = flags.ready_file;
    const SystemClock clock;
    SystemIds ids(clock);
    auto secrets = config.is_guest() ? load_secrets(config.data_dir)
                                     : load_or_make_secrets(config.data_dir, ids);
    if (!secrets && secrets.error().code == Errc::kNotFound) {
        secrets.error().message +=
            ". A process with the role edge alone serves what another one stores: start that one "
            "on this data_dir first";
    }
    if (!secrets) return print_failure(secrets.error());
    config.secrets = *std::move(secrets);
    if (config.store.access_key.empty()) {
        config.store.access_key = config.secrets.store_access_key;
        config.store.secret_key = config.secrets.store_secret_key;
    }
    return serve(config, *std::move(zygote));
}

}  // namespace pixgate
