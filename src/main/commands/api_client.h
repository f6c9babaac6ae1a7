// Calls of the API from the command line.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/task.h"
#include "main/commands/commands.h"

namespace pixgate {

class ApiClient {
public:
    // kInvalidArgument where neither flags nor environment nor a data directory name a key.
    static Result<ApiClient> find(const RemoteFlags& flags);

    // The answer's JSON (null for 204); errors carry the server's own words.
    Task<Result<boost::json::value>> call(
        std::string method,
        std::string path,
        std::string body = {},
        std::vector<std::pair<std::string, std::string>> headers = {}
    ) const;

    // Follows one image's events until its state is final; the image as JSON.
    Task<Result<boost::json::object>> wait_until_final(std::string image_id) const;

private:
    ApiClient(std::string endpoint, std::string key)
        : endpoint_(std::move(endpoint)), key_(std::move(key)) {}

    std::string endpoint_;
    std::string key_;
};

// A member that is text; empty where it is not.
std::string text_of(const boost::json::object& object, std::string_view name);

}  // namespace pixgate
