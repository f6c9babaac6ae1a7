// pixgate upload: the same three steps as a browser: ask, send straight to the store, wait for
// `ready`.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/backoff.h"
#include "base/crypto.h"
#include "base/fd.h"
#include "base/ids.h"
#include "base/json_writer.h"
#include "base/task_group.h"
#include "http/client.h"
#include "imaging/sniff.h"
#include "main/commands/api_client.h"
#include "main/commands/progress.h"

namespace pixgate {

namespace {

constexpr int kTries = 4;

std::unexpected<Error> cannot_read() {
    return fail(Errc::kUnavailable, "cannot be read");
}

// A file, read piece by piece. This program does nothing else meanwhile, so reading may block.
class FileSource : public BodySource {
public:
    FileSource(UniqueFd fd, std::uint64_t size)
        : fd_(std::move(fd)), size_(size), piece_(256 * 1024) {}
    Task<Result<ByteView>> next() override {
        const ssize_t n = ::read(fd_.get(), piece_.data(), piece_.size());
        if (n < 0) co_return cannot_read();
        co_return ByteView(piece_.data(), static_cast<std::size_t>(n));
    }
    std::optional<std::uint64_t> length() const override { return size_; }

private:
    UniqueFd fd_;
    std::uint64_t size_;
    Bytes piece_;
};

struct FileFacts {
    std::string path;
    std::string content_type;
    std::string checksum_sha256;  // base64
    std::uint64_t size_bytes = 0;
};

UniqueFd open_file(const std::string& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

Task<Result<FileFacts>> look_at(std::string path) {
    struct stat status{};
    UniqueFd fd = open_file(path);
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) co_return cannot_read();
    FileFacts out;
    out.path = path;
    out.size_bytes = static_cast<std::uint64_t>(status.st_size);
    FileSource source(std::move(fd), out.size_bytes);
    Hasher hasher(HashKind::kSha256);
    for (;;) {
        CO_TRY(const ByteView piece, co_await source.next());
        if (piece.empty()) break;
        if (out.content_type.empty()) {
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(piece.data());
            out.content_type = imaging::content_type_of(imaging::sniff({bytes, piece.size()}));
        }
        hasher.update(piece);
    }
    out.checksum_sha256 = base64_encode(hasher.finish());
    co_return out;
}

std::string request_json(const FileFacts& file, const UploadFlags& flags) {
    JsonWriter json;
    json.begin_object().member("filename", std::filesystem::path(file.path).filename().string());
    json.member("content_type", file.content_type).member("size_bytes", file.size_bytes);
    json.member("checksum_sha256", file.checksum_sha256);
    if (!flags.policy.empty()) json.member("policy", flags.policy);
    if (!flags.owner.empty()) json.member("owner", flags.owner);
    return json.end_object().take();
}

class Uploader {
public:
    Uploader(const ApiClient& api, const UploadFlags& flags, Progress& progress)
        : api_(api), flags_(flags), progress_(progress) {}

    Task<void> run(std::string path) {
        auto looked = co_await look_at(path);
        const std::size_t row = progress_.begin(path, looked ? looked->size_bytes : 0);
        auto image = looked ? co_await upload(*looked, row) : std::unexpected(looked.error());
        if (!image) {
            has_failed_ = true;
            progress_.end(row, image.error().message, false);
            co_return;
        }
        const std::string state = text_of(*image, "state");
        const std::string reason = text_of(*image, "reason");
        const bool is_good = state == "ready";
        if (!is_good) has_failed_ = true;
        progress_.end(
            row,
            state + (reason.empty() ? "" : " (" + reason + ")") + "  " +
                text_of(*image, "image_id"),
            is_good
        );
    }
    bool has_failed() const { return has_failed_; }

private:
    Task<Result<boost::json::object>> upload(const FileFacts& file, std::size_t row) {
        CO_TRY(const auto permission, co_await ask(request_json(file, flags_)));
        const auto* original = permission.if_contains("original");
        if (original == nullptr || !original->is_object()) {
            co_return fail(Errc::kCorrupt, "not an answer of Pixgate");
        }
        CO_CHECK(co_await send(original->get_object(), file, row));
        progress_.says(row, "checking");
        co_return co_await api_.wait_until_final(text_of(permission, "image_id"));
    }

    // With an Idempotency-Key: asking again after a lost answer makes no second image.
    Task<Result<boost::json::object>> ask(std::string body) {
        const std::string key = random_token(16);
        for (std::uint32_t failures = 0;;) {
            auto answer =
                co_await api_.call("POST", "/v1/uploads", body, {{"Idempotency-Key", key}});
            if (answer && answer->is_object()) co_return answer->get_object();
            if (answer) co_return fail(Errc::kCorrupt, "not an answer of Pixgate");
            if (!is_retryable(answer.error().code) || ++failures >= kTries) {
                co_return std::unexpected(answer.error());
            }
            co_await pause(failures);
        }
    }

    Task<Result<void>> send(
        const boost::json::object& original, const FileFacts& file, std::size_t row
    ) {
        for (std::uint32_t failures = 0;;) {
            http::ClientRequest request;
            request.method = text_of(original, "method");
            request.url = text_of(original, "url");
            if (const auto* headers = original.if_contains("headers");
                headers && headers->is_object()) {
                for (const auto& [name, value] : headers->get_object()) {
                    request.fields.emplace_back(
                        std::string(name), value.is_string() ? std::string(value.get_string()) : ""
                    );
                }
            }
            UniqueFd fd = open_file(file.path);
            if (!fd) co_return cannot_read();
            FileSource source(std::move(fd), file.size_bytes);
            request.stream = &source;
            request.timeout = std::chrono::seconds(30);
            request.on_sent = [this, row](std::uint64_t bytes) { progress_.sent(row, bytes); };
            auto answer = co_await http::fetch(std::move(request));
            if (answer && answer->status == 200) co_return Result<void>{};
            // A try before this one arrived although its answer was lost.
            if (answer && answer->status == 412 && failures > 0) co_return Result<void>{};
            const bool may_pass = !answer || answer->status >= 500 || answer->status == 429;
            if (!may_pass || ++failures >= kTries) {
                if (!answer) co_return std::unexpected(answer.error());
                co_return fail(
                    Errc::kUnavailable, "the store answered " + std::to_string(answer->status)
                );
            }
            co_await pause(failures);
        }
    }

    static Task<void> pause(std::uint32_t failures) {
        const std::chrono::milliseconds first{500};
        const std::chrono::milliseconds cap{10'000};
        co_await sleep_for(backoff_after(failures, first, cap));
    }

    const ApiClient& api_;
    const UploadFlags& flags_;
    Progress& progress_;
    bool has_failed_ = false;
};

Task<void> upload_all(Uploader& uploader, const UploadFlags& flags) {
    TaskGroup group;
    const std::chrono::hours forever{24 * 365};
    for (const auto& path : flags.files) {
        co_await group.wait_below(flags.parallel, forever);
        co_await group.start("upload", uploader.run(path));
    }
    co_await group.wait_below(1, forever);
}

}  // namespace

int upload_command(const UploadFlags& flags) {
    const auto api = ApiClient::find(flags.remote);
    if (!api) return print_failure(api.error());
    Progress progress(::isatty(STDERR_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1);
    Uploader uploader(*api, flags, progress);
    run_task(upload_all(uploader, flags));
    return uploader.has_failed() ? 1 : 0;
}

}  // namespace pixgate
