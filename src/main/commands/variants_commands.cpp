// pixgate variants regenerate: walks the ready images, newest first, and has the server make the
// presets that they lack. What is there already costs one query, so a run that was cut short is
// simply run again; --after goes on where it was.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/task_group.h"
#include "main/commands/api_client.h"

namespace pixgate {

namespace {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint32_t kTries = 5;
constexpr std::size_t kMaxFailuresShown = 100;
constexpr int kPageSize = 100;

Result<std::optional<TimePoint>> since_of(const std::string& text) {
    if (text.empty()) return std::nullopt;
    auto time = parse_rfc3339(text);
    if (!time) time = parse_rfc3339(text + "T00:00:00Z");
    if (time) return *time;
    return fail(Errc::kInvalidArgument, "--since: write it as 2026-01-31 or RFC 3339");
}

std::string request_of(const RegenerateFlags& flags) {
    boost::json::array presets;
    for (const auto& name : flags.presets) presets.emplace_back(name);
    return boost::json::serialize(boost::json::object{
        {"presets", std::move(presets)},
        {"force", flags.is_forced},
        {"dry_run", flags.is_dry_run},
    });
}

std::size_t count_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_array() ? value->get_array().size() : 0;
}

class Regenerator {
public:
    Regenerator(const ApiClient& api, const RegenerateFlags& flags, std::optional<TimePoint> since)
        : api_(api), flags_(flags), since_(since), request_(request_of(flags)) {}

    Task<Result<void>> run() {
        // A call for a hundred pictures, where each of them will be one more.
        if (is_terminal_) {
            CO_TRY(total_, co_await count());
        }
        std::string cursor = flags_.after;
        for (bool is_last = false; !is_last;) {
            CO_TRY(const auto answer, co_await page_after(cursor));
            const auto* page = answer.if_object();
            const auto* images = page ? page->if_contains("images") : nullptr;
            if (images == nullptr || !images->is_array())
                co_return fail(Errc::kCorrupt, "not an answer of Pixgate");
            CO_TRY(is_last, co_await walk(images->get_array()));
            cursor = text_of(*page, "next_cursor");
            is_last = is_last || cursor.empty();
        }
        draw(true);
        co_return Result<void>{};
    }

    int finish() const {
        if (is_terminal_) std::cerr << '\n';
        fmt::print(
            "{} images looked at, {} lacked presets, {} pictures made, {} failed\n", looked_,
            lacking_, made_, failed_
        );
        std::cout << std::flush;
        for (const auto& line : failures_) std::cerr << "pixgate: " << line << '\n';
        if (failed_ > failures_.size()) std::cerr << "pixgate: and more\n";
        return failed_ == 0 ? 0 : 1;
    }
    const std::string& last() const { return last_; }

private:
    Task<Result<boost::json::value>> call(std::string method, std::string path, std::string body) {
        for (std::uint32_t failures = 1;; ++failures) {
            auto answer = co_await api_.call(method, path, body);
            const bool may_pass = !answer && is_retryable(answer.error().code);
            if (!may_pass || failures == kTries) co_return answer;
            co_await sleep_for(backoff_after(failures, 500ms, 10s));
        }
    }

    Task<Result<std::uint64_t>> count() {
        std::uint64_t total = 0;
        std::string cursor = flags_.after;
        do {
            CO_TRY(const auto answer, co_await page_after(cursor));
            const auto* page = answer.if_object();
            const auto* images = page ? page->if_contains("images") : nullptr;
            if (images == nullptr || !images->is_array())
                co_return fail(Errc::kCorrupt, "not an answer of Pixgate");
            for (const auto& item : images->get_array()) {
                if (item.is_object() && is_past(item.get_object())) co_return total;
                ++total;
            }
            cursor = text_of(*page, "next_cursor");
        } while (!cursor.empty());
        co_return total;
    }

    bool is_past(const boost::json::object& image) const {
        const auto made_at = parse_rfc3339(text_of(image, "created_at"));
        return since_ && made_at && *made_at < *since_;
    }

    Task<Result<boost::json::value>> page_after(const std::string& cursor) {
        std::string path = "/v1/images?state=ready&limit=" + std::to_string(kPageSize);
        if (!flags_.owner.empty()) path += "&owner=" + percent_encode(flags_.owner, false);
        if (!cursor.empty()) path += "&cursor=" + percent_encode(cursor, false);
        return call("GET", std::move(path), {});
    }

    // True where the images are older than asked for.
    Task<Result<bool>> walk(const boost::json::array& images) {
        TaskGroup group;
        bool is_last = false;
        for (const auto& item : images) {
            if (!item.is_object()) continue;
            const auto& image = item.get_object();
            is_last = is_past(image);
            if (is_last) break;
            co_await group.wait_below(flags_.parallel, kForever);
            co_await group.start("regenerate", one(text_of(image, "image_id")));
            draw(false);
        }
        co_await group.wait_below(1, kForever);
        co_return is_last;
    }

    Task<void> one(std::string id) {
        const auto answer =
            co_await call("POST", "/v1/images/" + percent_encode(id, false) + "/presets", request_);
        ++looked_;
        last_ = id;
        if (!answer) {
            // Deleted since it was listed: nothing is owed.
            if (answer.error().reason == "not_found") co_return;
            ++failed_;
            if (failures_.size() < kMaxFailuresShown)
                failures_.push_back(id + ": " + answer.error().message);
            co_return;
        }
        const auto* report = answer->if_object();
        if (report == nullptr) co_return;
        if (count_of(*report, "missing") > 0) ++lacking_;
        made_ += count_of(*report, "made");
    }

    void draw(bool is_end) {
        const auto now = Steady::now();
        if (!is_end && now - drawn_at_ < (is_terminal_ ? 100ms : 10s)) return;
        drawn_at_ = now;
        std::string bar;
        if (total_ > 1) {
            const auto full = std::min<std::size_t>(kBarWidth, looked_ * kBarWidth / total_);
            bar = "[" + std::string(full, '#') + std::string(kBarWidth - full, '.') + "] ";
        }
        const auto line = fmt::format(
            "{}{} looked at, {} lacking, {} made, {} failed, at {}", bar, looked_, lacking_, made_,
            failed_, last_
        );
        if (is_terminal_) {
            std::cerr << "\r\x1b[K" << line << std::flush;
        } else if (!is_end) {
            std::cerr << line << std::endl;
        }
    }

    static constexpr std::size_t kBarWidth = 30;
    static constexpr std::chrono::hours kForever{24 * 365};

    const ApiClient& api_;
    const RegenerateFlags& flags_;
    std::optional<TimePoint> since_;
    std::string request_;
    bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
    std::uint64_t total_ = 0;  // counted for the bar only
    std::uint64_t looked_ = 0;
    std::uint64_t lacking_ = 0;
    std::uint64_t made_ = 0;
    std::uint64_t failed_ = 0;
    std::vector<std::string> failures_;
    std::string last_;
    Steady::time_point drawn_at_ = Steady::now();
};

}  // namespace

int variants_regenerate_command(const RegenerateFlags& flags) {
    const auto since = since_of(flags.since);
    if (!since) return print_failure(since.error());
    const auto api = ApiClient::find(flags.remote);
    if (!api) return print_failure(api.error());
    Regenerator regenerator(*api, flags, *since);
    const auto done = run_task(regenerator.run());
    const int result = regenerator.finish();
    if (done) return result;
    if (!regenerator.last().empty())
        std::cerr << "pixgate: go on with --after " << regenerator.last() << '\n';
    return print_failure(done.error());
}

}  // namespace pixgate
