#include "main/say_ready.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "base/log.h"
#include "main/secrets.h"

namespace pixgate {

Result<void> say_ready(
    const Config& config, const std::string& api_url, const std::string& store_url
) {
    const bool has_api = config.has_role("api");
    // The keys of the first start work only where nobody but this machine can come.
    const bool has_keys = has_api && config.takes_first_start_keys();
    const bool has_store = config.has_role("store") || !config.store.public_url.empty();
    const std::string store = has_store && !config.is_guest() ? store_url : "";
    std::string page = has_api ? api_url + "/" : "";
    if (has_keys) page += "#key=" + config.secrets.client_key;
    log::info("ready", {{"api_url", api_url}, {"store_url", store}});

    std::cout << "Pixgate is ready.\n";
    const auto line = [](const char* name, const std::string& url) {
        if (!url.empty()) std::cout << "  " << name << "  " << url << '\n';
    };
    line("page ", page);
    line(has_api ? "API  " : "edge ", config.has_role("edge") || has_api ? api_url : "");
    line("store", store);
    std::cout << std::flush;

    if (config.ready_file.empty()) return {};
    boost::json::object keys{{"admin", nullptr}, {"server", nullptr}};
    if (has_keys)
        keys = {{"admin", config.secrets.admin_key}, {"server", config.secrets.server_key}};
    const boost::json::object ready{
        {"api_url", api_url}, {"store_url", store},      {"page_url", page},
        {"pid", ::getpid()},  {"keys", std::move(keys)},
    };
    return write_file_atomically(config.ready_file, boost::json::serialize(ready), 0600);
}

}  // namespace pixgate
