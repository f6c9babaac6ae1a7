#include "roles/status.h"

#include <boost/json.hpp>

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

http::Response problem_response(const Error& error, std::string_view request_id) {
    const unsigned status = http_status_of(error.code);
    boost::json::object out;
    out["type"] = "about:blank";
    out["title"] = http::reason_phrase(status);
    out["status"] = status;
    const bool is_field = error.code == Errc::kInvalidArgument || error.code == Errc::kTooLarge ||
                          error.code == Errc::kUnsupportedMedia;
    const bool has_field = is_field && !error.reason.empty();
    out["code"] = error.reason.empty() || has_field ? name_of(error.code) : error.reason;
    switch (error.code) {
        case Errc::kInternal:
            out["detail"] = "Internal error.";
            break;
        case Errc::kReadOnly:
            out["detail"] = "Writing is switched off after a disk error.";
            break;
        case Errc::kUnavailable:
            out["detail"] = "A part behind this server does not answer. Try again.";
            break;
        default:
            out["detail"] = error.message;
    }
    if (has_field) out["field"] = error.reason;
    out["request_id"] = request_id;
    auto response =
        http::text_response(status, "application/problem+json", boost::json::serialize(out));
    if (status == 503 || status == 429) response.set("Retry-After", "1");
    if (status == 401) response.set("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace pixgate
