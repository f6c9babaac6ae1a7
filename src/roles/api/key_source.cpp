#include "roles/api/key_source.h"

#include <fstream>

#include "base/log.h"
#include "http/client.h"

namespace pixgate::roles {

namespace {

constexpr std::chrono::seconds kUnknownKidPause{30};
constexpr std::chrono::seconds kFetchLimit{5};

Result<std::string> read_limited(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail(Errc::kUnavailable, "cannot read " + path);
    std::string out(kMaxJwksBytes + 1, '\0');
    in.read(out.data(), static_cast<std::streamsize>(out.size()));
    out.resize(static_cast<std::size_t>(in.gcount()));
    return out;
}

}  // namespace

KeySource::KeySource(KeyTable fixed, Fetch fetch, const Clock& clock, std::chrono::seconds refresh)
    : fixed_(std::move(fixed)),
      fetch_(std::move(fetch)),
      clock_(clock),
      refresh_every_(refresh),
      keys_(std::make_shared<const KeyTable>(fixed_)) {}

std::shared_ptr<const KeyTable> KeySource::keys() const {
    const std::lock_guard lock(mutex_);
    return keys_;
}

Task<Result<void>> KeySource::refresh() {
    if (!fetch_) co_return Result<void>{};
    auto reading = fetch_();
    auto text = co_await with_deadline(std::move(reading), kFetchLimit);
    auto parsed = text ? parse_jwks(*text) : std::unexpected(text.error());
    if (!parsed) {
        log::failure(
            log::Level::kWarning, "the JWK set cannot be read; the last one stays", parsed.error()
        );
        co_return std::unexpected(parsed.error());
    }
    // A fixed key stays what the configuration says, whatever the set names the same.
    KeyTable table = fixed_;
    for (auto& [kid, key] : *parsed) table.emplace(kid, std::move(key));
    const std::lock_guard lock(mutex_);
    keys_ = std::make_shared<const KeyTable>(std::move(table));
    co_return Result<void>{};
}

Task<bool> KeySource::refresh_for_unknown() {
    if (!fetch_) co_return false;
    const auto seen = refreshed_.version();
    bool is_mine = false;
    {
        const std::lock_guard lock(mutex_);
        const auto now = clock_.steady();
        if (!is_refreshing_) {
            if (last_try_ && now - *last_try_ < kUnknownKidPause) co_return false;
            last_try_ = now;
            is_refreshing_ = true;
            is_mine = true;
        }
    }
    if (!is_mine) {
        co_await refreshed_.wait(seen, kFetchLimit);
        co_return true;
    }
    // Also when this coroutine is cancelled half-way: others may be waiting.
    struct Done {
        KeySource& source;
        ~Done() {
            {
                const std::lock_guard lock(source.mutex_);
                source.is_refreshing_ = false;
            }
            source.refreshed_.notify();
        }
    };
    const Done done_at_the_end{*this};
    const auto done = co_await refresh();
    co_return done.has_value();
}

Task<void> KeySource::run(StopFlag& stop) {
    if (!fetch_) co_return;
    for (;;) {
        co_await refresh();  // said in the log; the next round tries again
        if (!co_await stop.sleep(refresh_every_)) co_return;
    }
}

KeySource::Fetch fetch_jwks_url(std::string url) {
    return [url = std::move(url)]() -> Task<Result<std::string>> {
        http::ClientRequest request;
        request.url = url;
        request.fields = {{"Accept", "application/json"}};
        request.max_response_bytes = kMaxJwksBytes;
        request.timeout = kFetchLimit;
        auto answer = co_await http::fetch(std::move(request));
        if (!answer) co_return std::unexpected(answer.error());
        if (answer->status != 200) {
            co_return fail(Errc::kUnavailable, "status " + std::to_string(answer->status));
        }
        co_return std::move(answer->body);
    };
}

KeySource::Fetch fetch_jwks_file(std::string path, Pool& pool) {
    return [path = std::move(path), &pool]() -> Task<Result<std::string>> {
        auto read = [&path] { return read_limited(path); };
        co_return co_await offload(pool, read);
    };
}

}  // namespace pixgate::roles
