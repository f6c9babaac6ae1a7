// /v1/dead-letters: look, send back, drop.
#include "roles/api/api.h"

namespace pixgate::roles {

Task<Result<http::Response>> Api::list_dead_letters(ApiCall& call) {
    CO_TRY(const std::size_t limit, number_of_query(call.request, "limit", 50, 200));
    auto cursor = call.request.query_value("cursor").value_or("");
    CO_TRY(const auto page, co_await ports_.dead_letters.list(std::move(cursor), limit));
    JsonWriter json;
    json.begin_object().key("dead_letters").begin_array();
    for (const auto& letter : page.letters) write_dead_letter(json, letter);
    json.end_array().key("next_cursor");
    page.next_cursor.empty() ? json.null() : json.value(page.next_cursor);
    json.end_object();
    co_return json_response(200, json.take());
}

Task<Result<http::Response>> Api::redrive_dead_letter(ApiCall& call) {
    CO_CHECK(co_await ports_.dead_letters.redrive(call.request.params["id"]));
    co_return http::Response(204);
}

Task<Result<http::Response>> Api::drop_dead_letter(ApiCall& call) {
    CO_CHECK(co_await ports_.dead_letters.drop(call.request.params["id"]));
    co_return http::Response(204);
}

}  // namespace pixgate::roles
