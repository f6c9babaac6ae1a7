#include "roles/status.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"

namespace pixgate {

unsigned http_status_of(Errc code) {
    switch (code) {
        case Errc::kInvalidArgument:
            return 400;
        case Errc::kUnauthenticated:
            return 401;
        case Errc::kPermissionDenied:
            return 403;
        case Errc::kNotFound:
            return 404;
        case Errc::kAlreadyExists:
            return 409;
        case Errc::kFailedPrecondition:
            return 412;
        case Errc::kTooLarge:
            return 413;
        case Errc::kUnsupportedMedia:
            return 415;
        case Errc::kCorrupt:
            return 422;
        case Errc::kOverloaded:
            return 503;
        case Errc::kUnavailable:
            return 503;
        case Errc::kDeadlineExceeded:
            return 504;
        case Errc::kCancelled:
            return 503;
        case Errc::kNoSpace:
            return 507;
        case Errc::kReadOnly:
            return 503;
        case Errc::kCrashed:
            return 422;
        case Errc::kInternal:
            return 500;
    }
    return 500;
}

unsigned http_status_of(const Error& error) {
    constexpr std::array<std::string_view, 3> kOwnLimits{
        "rate_limited", "open_uploads", "event_streams"
    };
    if (error.code == Errc::kOverloaded &&
        std::ranges::find(kOwnLimits, error.reason) != kOwnLimits.end()) {
        return 429;
    }
    return http_status_of(error.code);
}

namespace {

// The codes whose reason names a part of the request.
bool names_field(Errc code) {
    return code == Errc::kInvalidArgument || code == Errc::kTooLarge ||
           code == Errc::kUnsupportedMedia;
}

// What the client reads. Messages are written for him only where he can do something about it.
std::string_view detail_of(const Error& error) {
    switch (error.code) {
        case Errc::kInternal:
            return "Internal error.";
        case Errc::kUnauthenticated:
            return "This needs a valid API key or token in the Authorization header.";
        case Errc::kNotFound:
            return "There is no such thing, or it is not yours.";
        case Errc::kUnavailable:
            return "A part behind this server does not answer. Try again.";
        case Errc::kDeadlineExceeded:
            return "This took too long. Try again.";
        case Errc::kCancelled:
            return "The server is stopping. Try again.";
        case Errc::kNoSpace:
            return "The disk is full.";
        case Errc::kReadOnly:
            return "Writing is switched off after a disk error.";
        case Errc::kCrashed:
            return "The picture could not be read.";
        default:
            return error.message;
    }
}

}  // namespace

http::Response problem_response(
    const Error& error, std::string_view request_id, std::optional<unsigned> status
) {
    const unsigned code = status.value_or(http_status_of(error));
    const bool has_field = names_field(error.code) && !error.reason.empty();
    const bool has_code =
        !names_field(error.code) && error.code != Errc::kInternal && !error.reason.empty();
    JsonWriter json;
    json.begin_object().member("type", "about:blank");
    json.member("title", http::reason_phrase(code)).member("status", code);
    json.member("detail", detail_of(error));
    json.member("code", has_code ? std::string_view(error.reason) : name_of(error.code));
    if (has_field) json.member("field", error.reason);
    json.member("request_id", request_id).end_object();
    auto response = http::text_response(code, "application/problem+json", json.take());
    response.set("Cache-Control", "no-store");
    if (code == 503 || code == 429) response.set("Retry-After", "1");
    if (code == 401) response.set("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace pixgate
