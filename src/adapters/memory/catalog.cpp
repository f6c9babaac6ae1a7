#include <algorithm>

#include "adapters/memory/state.h"
#include "base/ids.h"

namespace pixgate::memory {

namespace {

using Steady = std::chrono::steady_clock;

class MemoryCatalog : public Catalog {
public:
    explicit MemoryCatalog(StatePtr state) : state_(std::move(state)) {}

    Task<Result<Created>> create(NewImage wanted) override {
        const std::lock_guard lock(state_->mutex);
        const auto key = std::pair(wanted.caller_id, wanted.idempotency_key);
        if (const auto used = state_->idempotent.find(key);
            !wanted.idempotency_key.empty() && used != state_->idempotent.end()) {
            const ImageRow& row = state_->images.at(used->second);
            if (row.request_hash != wanted.request_hash) {
                co_return fail(
                    Errc::kFailedPrecondition, "the key was used for another request",
                    "idempotency_key_reused"
                );
            }
            co_return Created{row.image, true};
        }
        if (wanted.max_open != 0 && count_open(wanted.caller_id) >= wanted.max_open) {
            co_return fail(Errc::kOverloaded, "too many open uploads", "open_uploads");
        }
        Image& image = wanted.image;
        image.state = ImageState::kPending;
        image.history = {{ImageState::kPending, image.created_at, {}}};
        const ImageRow row{image, wanted.caller_id, wanted.request_hash};
        if (!state_->images.emplace(image.id.value, row).second) {
            co_return fail(Errc::kAlreadyExists, "the image exists already");
        }
        if (!wanted.idempotency_key.empty()) state_->idempotent[key] = image.id.value;
        co_return Created{std::move(image), false};
    }

    Task<Result<Image>> find(ImageId id) override {
        const std::lock_guard lock(state_->mutex);
        const auto it = state_->images.find(id.value);
        if (it == state_->images.end() || it->second.image.state == ImageState::kDeleted) {
            co_return fail(Errc::kNotFound, "no such image");
        }
        co_return it->second.image;
    }

    Task<Result<ImagePage>> list(ImageQuery query) override {
        const std::lock_guard lock(state_->mutex);
        if (!query.cursor.empty() && !is_uuid_v7(query.cursor)) {
            co_return fail(Errc::kInvalidArgument, "not a cursor", "cursor");
        }
        ImagePage page;
        const auto& all = state_->images;
        const auto end = query.cursor.empty() ? all.end() : all.lower_bound(query.cursor);
        for (auto it = std::make_reverse_iterator(end); it != all.rend(); ++it) {
            const Image& image = it->second.image;
            if (image.state == ImageState::kDeleted) continue;
            if (query.owner && *query.owner != image.owner) continue;
            if (query.state && *query.state != image.state) continue;
            if (page.images.size() == query.limit) {
                if (!page.images.empty()) page.next_cursor = page.images.back().id.value;
                break;
            }
            page.images.push_back(image);
        }
        co_return page;
    }

    Task<Result<Applied>> apply(Change change) override {
        const std::lock_guard lock(state_->mutex);
        const auto it = state_->images.find(change.id.value);
        if (it == state_->images.end()) co_return fail(Errc::kNotFound, "no such image");
        const auto entry = ledger_entry(change);
        if (state_->ledger.contains(entry)) co_return Applied::kDuplicate;
        if (is_stale(change)) co_return Applied::kStale;
        Image& image = it->second.image;
        const Applied applied = change_image(image, change);
        if (!took_effect(applied)) co_return applied;
        if (change.event && is_effect(change)) {
            state_->ledger.insert(entry);
            state_->newest_event[object_of(*change.event)] = change.event->sequencer;
        }
        state_->feed.push_back({++state_->last_feed, image});
        if (state_->feed.size() > kMaxFeedEntries) state_->feed.pop_front();
        state_->feed_changed.notify();
        co_return applied;
    }

    Task<Result<std::vector<FeedEntry>>> feed(FeedQuery query) override {
        const auto deadline = Steady::now() + query.wait;
        for (;;) {
            const auto seen = state_->feed_changed.version();
            auto entries = read_feed(query);
            if (!entries.empty() || Steady::now() >= deadline) co_return entries;
            co_await state_->feed_changed.wait(seen, until(deadline));
        }
    }

    Task<Result<std::int64_t>> last_seq() override {
        const std::lock_guard lock(state_->mutex);
        co_return state_->last_feed;
    }

    Task<Result<std::vector<Image>>> due(DueQuery query) override {
        const std::lock_guard lock(state_->mutex);
        std::vector<std::pair<TimePoint, const Image*>> found;
        for (const auto& [id, row] : state_->images) {
            const Image& image = row.image;
            const TimePoint at =
                image.state == ImageState::kPending ? image.expires_at : image.history.back().at;
            if (image.state == query.state && at < query.before) found.emplace_back(at, &image);
        }
        std::ranges::sort(found);
        std::vector<Image> out;
        for (const auto& [at, image] : found) {
            if (out.size() < query.limit) out.push_back(*image);
        }
        co_return out;
    }

private:
    std::size_t count_open(const std::string& caller) const {
        std::size_t n = 0;
        for (const auto& [id, row] : state_->images) {
            if (row.caller_id == caller && row.image.state == ImageState::kPending) ++n;
        }
        return n;
    }

    static std::string object_of(const StorageEvent& event) {
        return event.bucket + '\0' + event.key;
    }
    static std::string ledger_entry(const Change& change) {
        if (!change.event) return {};
        const auto& e = *change.event;
        return object_of(e) + '\0' + e.etag + '\0' + e.sequencer;
    }
    bool is_stale(const Change& change) const {
        if (!change.event) return false;
        const auto newest = state_->newest_event.find(object_of(*change.event));
        return newest != state_->newest_event.end() &&
               compare_sequencers(change.event->sequencer, newest->second) < 0;
    }

    std::vector<FeedEntry> read_feed(const FeedQuery& query) {
        const std::lock_guard lock(state_->mutex);
        std::vector<FeedEntry> out;
        const auto& feed = state_->feed;
        auto it = std::ranges::upper_bound(feed, query.after, {}, &FeedEntry::seq);
        for (; it != feed.end() && out.size() < query.limit; ++it) {
            if (query.owner && *query.owner != it->image.owner) continue;
            if (query.image_id && *query.image_id != it->image.id) continue;
            out.push_back(*it);
        }
        return out;
    }

    StatePtr state_;
};

}  // namespace

std::unique_ptr<Catalog> make_catalog(StatePtr state) {
    return std::make_unique<MemoryCatalog>(std::move(state));
}

}  // namespace pixgate::memory
