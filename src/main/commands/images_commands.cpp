// pixgate images and pixgate dead-letters.
#include <fmt/format.h>

#include <iostream>

#include "base/encoding.h"
#include "main/commands/api_client.h"

namespace pixgate {

namespace {

using Row = std::function<void(const boost::json::object&)>;

// What the terminal may be shown of text that others wrote.
std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return out;
}

std::string number_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_number() ? std::to_string(value->to_number<std::int64_t>()) : "-";
}

// Pages through a list, `limit` rows at most.
Task<Result<void>> each_row(
    const ApiClient& api, std::string path, std::string member, std::size_t limit, Row row
) {
    std::string cursor;
    for (std::size_t left = limit; left > 0;) {
        std::string target = path + "limit=" + std::to_string(std::min<std::size_t>(left, 200));
        if (!cursor.empty()) target += "&cursor=" + percent_encode(cursor, false);
        CO_TRY(const auto answer, co_await api.call("GET", target));
        const auto* page = answer.if_object();
        const auto* rows = page ? page->if_contains(member) : nullptr;
        if (rows == nullptr || !rows->is_array())
            co_return fail(Errc::kCorrupt, "not an answer of Pixgate");
        for (const auto& item : rows->get_array()) {
            if (item.is_object() && left > 0) {
                row(item.get_object());
                --left;
            }
        }
        cursor = text_of(*page, "next_cursor");
        if (cursor.empty()) break;
    }
    co_return Result<void>{};
}

// The same call for each id; goes on after one that fails.
int each_id(
    const RemoteFlags& remote,
    const std::vector<std::string>& ids,
    const char* method,
    const char* prefix,
    const char* suffix,
    const char* done
) {
    const auto api = ApiClient::find(remote);
    if (!api) return print_failure(api.error());
    int result = 0;
    for (const auto& id : ids) {
        const auto answer =
            run_task(api->call(method, prefix + percent_encode(id, false) + suffix));
        if (answer) {
            std::cout << id << ": " << done << '\n';
        } else {
            std::cerr << "pixgate: " << id << ": " << answer.error().message << '\n';
            result = 1;
        }
    }
    return result;
}

}  // namespace

int images_list_command(const ListFlags& flags) {
    const auto api = ApiClient::find(flags.remote);
    if (!api) return print_failure(api.error());
    std::string path = "/v1/images?";
    if (!flags.owner.empty()) path += "owner=" + percent_encode(flags.owner, false) + "&";
    if (!flags.state.empty()) path += "state=" + percent_encode(flags.state, false) + "&";
    fmt::print(
        "{:36}  {:11}  {:>11}  {:>10}  {:20}  {}\n", "ID", "STATE", "PIXELS", "BYTES", "OWNER",
        "FILE"
    );
    const Row row = [](const boost::json::object& image) {
        const auto* value = image.if_contains("original");
        const auto original =
            value && value->is_object() ? value->get_object() : boost::json::object();
        fmt::print(
            "{:36}  {:11}  {:>11}  {:>10}  {:20}  {}\n", text_of(image, "image_id"),
            text_of(image, "state"),
            number_of(original, "width_px") + "x" + number_of(original, "height_px"),
            number_of(original, "size_bytes"), printable(text_of(image, "owner")),
            printable(text_of(image, "filename"))
        );
    };
    const auto done = run_task(each_row(*api, path, "images", flags.limit, row));
    return done ? 0 : print_failure(done.error());
}

int images_show_command(const RemoteFlags& remote, const std::string& id) {
    const auto api = ApiClient::find(remote);
    if (!api) return print_failure(api.error());
    const auto image = run_task(api->call("GET", "/v1/images/" + percent_encode(id, false)));
    if (!image) return print_failure(image.error());
    std::cout << boost::json::serialize(*image) << '\n';
    return 0;
}

int images_delete_command(const RemoteFlags& remote, const std::vector<std::string>& ids) {
    return each_id(remote, ids, "DELETE", "/v1/images/", "", "deleted");
}

int dead_letters_list_command(const RemoteFlags& remote, unsigned limit) {
    const auto api = ApiClient::find(remote);
    if (!api) return print_failure(api.error());
    fmt::print(
        "{:24}  {:8}  {:22}  {:>8}  {:24}  {}\n", "ID", "SOURCE", "REASON", "ATTEMPTS", "DIED",
        "LAST ERROR"
    );
    const Row row = [](const boost::json::object& letter) {
        fmt::print(
            "{:24}  {:8}  {:22}  {:>8}  {:24}  {}\n", text_of(letter, "id"),
            text_of(letter, "source"), text_of(letter, "reason"), number_of(letter, "attempts"),
            text_of(letter, "died_at"), printable(text_of(letter, "last_error"))
        );
    };
    const auto done = run_task(each_row(*api, "/v1/dead-letters?", "dead_letters", limit, row));
    return done ? 0 : print_failure(done.error());
}

int dead_letters_redrive_command(const RemoteFlags& remote, const std::vector<std::string>& ids) {
    return each_id(remote, ids, "POST", "/v1/dead-letters/", "/redrive", "sent back");
}

int dead_letters_drop_command(const RemoteFlags& remote, const std::vector<std::string>& ids) {
    return each_id(remote, ids, "DELETE", "/v1/dead-letters/", "", "dropped");
}

}  // namespace pixgate
