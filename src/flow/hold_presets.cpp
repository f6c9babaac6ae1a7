#include "flow/hold_presets.h"

#include "core/presets_message.h"

namespace pixgate {

namespace {

constexpr std::size_t kPage = 100;
constexpr std::uint64_t kMaxWaiting = 1'000;

// Gone or changed since the page was read.
bool is_settled(const Error& error) {
    return error.code == Errc::kNotFound || error.code == Errc::kFailedPrecondition;
}

}  // namespace

Task<Result<std::size_t>> HoldPresets::step() {
    std::size_t queued = 0;
    if (is_done_) co_return queued;
    CO_TRY(const auto backlog, co_await ports_.queue.backlog());
    if (backlog.count >= kMaxWaiting) co_return queued;
    ImageQuery query;
    query.state = ImageState::kReady;
    query.cursor = cursor_;
    query.limit = kPage;
    CO_TRY(const auto page, co_await ports_.catalog.list(std::move(query)));
    RemakePresets::Request look;
    look.is_dry_run = true;
    for (const auto& image : page.images) {
        auto held = co_await ports_.remake.run(image.id, look);
        if (!held && is_settled(held.error())) continue;
        CO_TRY(const auto report, std::move(held));
        if (report.missing.empty()) continue;
        CO_CHECK(co_await ports_.queue.send(to_json(PresetsMessage{image.id, image.etag, false})));
        ++queued;
    }
    cursor_ = page.next_cursor;
    is_done_ = cursor_.empty();
    co_return queued;
}

}  // namespace pixgate
