#include "http/message.h"

#include "base/encoding.h"

namespace pixgate::http {

namespace {

// RFC 9110 section 15, and 426, 428, 429, 431, 507 of RFC 9110, 6585 and 4918.
constexpr std::pair<unsigned, std::string_view> kReasons[] = {
    {200, "OK"},
    {304, "Not Modified"},
    {100, "Continue"},
    {101, "Switching Protocols"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

}  // namespace

std::string_view Fields::get(std::string_view name) const {
    for (const Field& field : fields_) {
        if (equal_ignoring_case(field.name, name)) return field.value;
    }
    return {};
}

bool Fields::has(std::string_view name) const {
    return count(name) > 0;
}

std::size_t Fields::count(std::string_view name) const {
    std::size_t n = 0;
    for (const Field& field : fields_) n += equal_ignoring_case(field.name, name) ? 1 : 0;
    return n;
}

std::optional<std::string> Request::query_value(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        const auto key = form_decode(pair.substr(0, equals));
        if (!key || *key != name) continue;
        auto value =
            form_decode(equals == pair.npos ? std::string_view{} : pair.substr(equals + 1));
        if (!value) return std::nullopt;
        return std::move(*value);
    }
    return std::nullopt;
}

std::string_view Response::get(std::string_view name) const {
    for (const auto& [key, value] : fields) {
        if (equal_ignoring_case(key, name)) return value;
    }
    return {};
}

SharedBody prebuild_head(const Response& response) {
    auto head = "HTTP/1.1 " + std::to_string(response.status) + " " +
                std::string(reason_phrase(response.status)) + "\r\n";
    for (const auto& [name, value] : response.fields) {
        head.append(name).append(": ").append(value).append("\r\n");
    }
    return std::make_shared<const std::string>(std::move(head));
}

Response text_response(unsigned status, std::string content_type, std::string body) {
    Response response(status);
    response.set("Content-Type", std::move(content_type));
    response.body = std::move(body);
    return response;
}

std::string_view reason_phrase(unsigned status) {
    for (const auto& [code, phrase] : kReasons) {
        if (code == status) return phrase;
    }
    return "Unknown";
}

}  // namespace pixgate::http
