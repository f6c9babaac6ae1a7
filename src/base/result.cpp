#include "base/result.h"

namespace pixgate {

std::string_view name_of(Errc code) {
    switch (code) {
        case Errc::kInvalidArgument:
            return "invalid_argument";
        case Errc::kUnauthenticated:
            return "unauthenticated";
        case Errc::kPermissionDenied:
            return "permission_denied";
        case Errc::kNotFound:
            return "not_found";
        case Errc::kAlreadyExists:
            return "already_exists";
        case Errc::kFailedPrecondition:
            return "failed_precondition";
        case Errc::kTooLarge:
            return "too_large";
        case Errc::kUnsupportedMedia:
            return "unsupported_media";
        case Errc::kCorrupt:
            return "corrupt";
        case Errc::kOverloaded:
            return "overloaded";
        case Errc::kUnavailable:
            return "unavailable";
        case Errc::kDeadlineExceeded:
            return "deadline_exceeded";
        case Errc::kCancelled:
            return "cancelled";
        case Errc::kNoSpace:
            return "no_space";
        case Errc::kReadOnly:
            return "read_only";
        case Errc::kCrashed:
            return "crashed";
        case Errc::kInternal:
            return "internal";
    }
    return "internal";
}

bool is_retryable(Errc code) {
    switch (code) {
        case Errc::kOverloaded:
        case Errc::kUnavailable:
        case Errc::kDeadlineExceeded:
        case Errc::kCancelled:
        case Errc::kNoSpace:
        case Errc::kReadOnly:
        case Errc::kInternal:
            return true;
        default:
            return false;
    }
}

}  // namespace pixgate
