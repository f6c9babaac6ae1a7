// Where the keys of tokens are now: fixed ones of the configuration, and a JWK set from a file or
// URL that is read anew in the background and, at most once per 30 s, when a token names a key that
// is not known. A set that cannot be read changes nothing: the last good one stays.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "base/task_group.h"
#include "roles/api/jwks.h"

namespace pixgate::roles {

class KeySource {
public:
    // The text of the JWK set; absent: fixed keys only.
    using Fetch = std::function<Task<Result<std::string>>()>;

    KeySource(KeyTable fixed, Fetch fetch, const Clock& clock, std::chrono::seconds refresh);

    // Copied out, so that it stays whole while the caller verifies.
    std::shared_ptr<const KeyTable> keys() const;

    // Reads the set anew for a kid that is not known; several callers share one read, and within 30
    // s of the last there is none. True where the keys may have changed.
    Task<bool> refresh_for_unknown();

    // Reads the set once, then every `refresh` until stop. For the background.
    Task<void> run(StopFlag& stop);
    // One read: errors leave the keys as they are.
    Task<Result<void>> refresh();

private:
    KeyTable fixed_;
    Fetch fetch_;
    const Clock& clock_;
    std::chrono::seconds refresh_every_;
    mutable std::mutex mutex_;
    std::shared_ptr<const KeyTable> keys_;
    std::optional<std::chrono::steady_clock::time_point> last_try_;
    bool is_refreshing_ = false;
    Signal refreshed_;
};

// A JWK set by https or http, 256 KiB at most, 5 s at most.
KeySource::Fetch fetch_jwks_url(std::string url);
// From a file, read on `pool`.
KeySource::Fetch fetch_jwks_file(std::string path, Pool& pool);

}  // namespace pixgate::roles
