// Result<T>: the value or an Error with a closed code. Expected failure is a value everywhere in
// Pixgate; exceptions are bugs. May be used from any folder.
#pragma once

#include <cstdint>
#include <expected>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pixgate {

// What went wrong, for deciding what to do next. roles/status.cpp maps each to an HTTP answer,
// aws/s3_errors.cpp to an S3 one.
enum class Errc : std::uint8_t {
    kInvalidArgument,     // the request itself is wrong; never retry
    kUnauthenticated,     // who is asking is not known or not proven
    kPermissionDenied,    // known, but may not
    kNotFound,            // no such thing (or not his to see)
    kAlreadyExists,       // done before, or another writer won
    kFailedPrecondition,  // If-Match, If-None-Match, state does not allow it
    kTooLarge,            // over a byte, pixel or count limit
    kUnsupportedMedia,    // not a type that is allowed here
    kCorrupt,             // checksum, length or structure wrong
    kOverloaded,          // try later: rate limit, full queue
    kUnavailable,         // a system behind us does not answer
    kDeadlineExceeded,    // took too long
    kCancelled,           // the caller went away or the process stops
    kNoSpace,             // disk or inodes full
    kReadOnly,            // the volume failed an fsync and takes no more writes
    kCrashed,             // a sandboxed child died
    kInternal,            // a bug or a broken invariant
};

// Lower-case snake name of a code, as used in logs and metrics: "not_found".
std::string_view name_of(Errc code);

// True where the same call may succeed later without change.
bool is_retryable(Errc code);

struct Error {
    Errc code = Errc::kInternal;
    std::string message;  // for the operator; clients see what roles/status.cpp makes of it
    std::string
        reason;  // optional stable sub-code for clients, e.g. "upload_quota_exceeded"; may be empty
    std::source_location where = std::source_location::current();
};

template <class T>
using Result = std::expected<T, Error>;

// return fail(Errc::kNotFound, "image " + id);
inline std::unexpected<Error> fail(
    Errc code,
    std::string message,
    std::string reason = {},
    std::source_location where = std::source_location::current()
) {
    return std::unexpected(Error{code, std::move(message), std::move(reason), where});
}

}  // namespace pixgate

#define PIXGATE_JOIN2(a, b) a##b
#define PIXGATE_JOIN(a, b) PIXGATE_JOIN2(a, b)
#define PIXGATE_TRY(ret, tmp, decl, ...)                   \
    auto tmp = (__VA_ARGS__);                              \
    if (!tmp) ret std::unexpected(std::move(tmp).error()); \
    decl = *std::move(tmp)

// TRY(auto x, f()): x is the value, or the function returns f's error. CO_TRY in coroutines.
#define TRY(decl, ...) PIXGATE_TRY(return, PIXGATE_JOIN(try_result_, __LINE__), decl, __VA_ARGS__)
#define CO_TRY(decl, ...) \
    PIXGATE_TRY(co_return, PIXGATE_JOIN(try_result_, __LINE__), decl, __VA_ARGS__)

#define PIXGATE_CHECK(ret, ...)                                   \
    do {                                                          \
        if (auto check_result = (__VA_ARGS__); !check_result)     \
            ret std::unexpected(std::move(check_result).error()); \
    } while (false)

// CHECK_OK(f()): go on if f() succeeded, else return its error. CO_CHECK in coroutines.
#define CHECK_OK(...) PIXGATE_CHECK(return, __VA_ARGS__)
#define CO_CHECK(...) PIXGATE_CHECK(co_return, __VA_ARGS__)
