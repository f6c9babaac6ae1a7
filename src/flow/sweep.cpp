#include "flow/sweep.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ids.h"
#include "base/log.h"
#include "core/bucket.h"
#include "core/policy.h"
#include "flow/stale_variants.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxDue = 1'000;  // images of one query; the rest comes in the next round
constexpr auto kFirstReplayPause = 60s;
constexpr auto kMaxReplayPause = 6h;
constexpr auto kThumbnailLifetime = 1h;  // of one whose image has expired

}  // namespace

Task<Result<Sweep::Report>> Sweep::run() {
    Report report;
    CO_CHECK(co_await check_backlog());
    CO_CHECK(co_await expire_unused(report));
    CO_CHECK(co_await find_lost(report));
    CO_CHECK(co_await find_stuck(report));
    CO_CHECK(co_await walk(report));
    co_return report;
}

Task<Result<void>> Sweep::check_backlog() {
    CO_TRY(backlog_, co_await ports_.events.backlog());
    const auto now = ports_.clock.now();
    const bool is_old = backlog_.count > 0 && now - backlog_.oldest > config_.backlog_age;
    const bool is_long = backlog_.count > config_.backlog_count;
    if (!(is_old || is_long) || ports_.clock.steady() < next_backlog_alert_) {
        co_return Result<void>{};
    }
    Alert alert{
        .kind = "backlog",
        .cause = is_old ? "events_too_old" : "too_many_events",
        .text = fmt::format(
            "{} events in line, the oldest since {}", backlog_.count,
            format_rfc3339(backlog_.oldest)
        ),
        .image_id = {},
        .at = now
    };
    CO_CHECK(co_await ports_.alerts.raise(std::move(alert)));
    next_backlog_alert_ = ports_.clock.steady() + config_.backlog_age;
    co_return Result<void>{};
}

Task<Result<std::optional<ObjectInfo>>> Sweep::original_of(const Image& image) {
    auto info = co_await ports_.store.head(image.bucket, image.key);
    if (!info && info.error().code == Errc::kNotFound && info.error().reason != "bucket") {
        co_return std::nullopt;
    }
    CO_TRY(auto found, std::move(info));
    found.key = image.key;
    co_return found;
}

Task<Result<void>> Sweep::expire_unused(Report& report) {
    DueQuery query;
    query.state = ImageState::kPending;
    query.before = ports_.clock.now() - config_.grace;
    query.limit = kMaxDue;
    CO_TRY(const auto images, co_await ports_.catalog.due(query));
    for (const auto& image : images) {
        CO_TRY(const auto object, co_await original_of(image));
        if (object) {
            CO_CHECK(co_await object_without_verdict(image, *object, report));
        } else {
            CO_CHECK(co_await expire(image, report));
        }
    }
    co_return Result<void>{};
}

Task<Result<void>> Sweep::expire(const Image& image, Report& report) {
    // Thumbnails only, and before the change: an original that arrives at this very moment stays,
    // and where removing fails the next round comes here again.
    ListOptions options;
    options.prefix = thumbnail_key(image.id, "");
    CO_TRY(const auto page, co_await ports_.store.list(image.bucket, options));
    for (const auto& object : page.objects) {
        CO_CHECK(co_await ports_.store.remove(image.bucket, object.key, std::nullopt));
    }
    Change change;
    change.id = image.id;
    change.to = ImageState::kExpired;
    change.reason = "not_uploaded";
    change.at = ports_.clock.now();
    change.only_from = ImageState::kPending;
    CO_TRY(const auto applied, co_await ports_.catalog.apply(std::move(change)));
    if (applied == Applied::kDone) ++report.expired;
    co_return Result<void>{};
}

Task<Result<void>> Sweep::find_lost(Report& report) {
    if (ports_.clock.steady() < next_look_) co_return Result<void>{};
    next_look_ = ports_.clock.steady() + config_.look_every;
    const auto now = ports_.clock.now();
    DueQuery query;
    query.state = ImageState::kPending;
    query.before = now + kMaxUploadLifetime;  // all that are pending
    query.limit = kMaxDue;
    CO_TRY(const auto images, co_await ports_.catalog.due(query));
    for (const auto& image : images) {
        const bool was_seen = image.expires_at < now - config_.grace;
        if (was_seen || image.created_at > now - config_.lost_after) continue;
        CO_TRY(const auto object, co_await original_of(image));
        if (object) CO_CHECK(co_await object_without_verdict(image, *object, report));
    }
    co_return Result<void>{};
}

Task<Result<void>> Sweep::find_stuck(Report& report) {
    DueQuery query;
    query.state = ImageState::kStored;
    query.before = ports_.clock.now() - config_.stored_deadline;
    query.limit = kMaxDue;
    CO_TRY(const auto images, co_await ports_.catalog.due(query));
    for (const auto& image : images) {
        const auto since = image.history.empty() ? image.created_at : image.history.back().at;
        CO_CHECK(co_await alert_once(image, since, report));
        CO_TRY(const auto object, co_await original_of(image));
        if (object) CO_CHECK(co_await replay(*object, report));
    }
    co_return Result<void>{};
}

Task<Result<void>> Sweep::object_without_verdict(
    const Image& image, const ObjectInfo& object, Report& report
) {
    const auto age = ports_.clock.now() - object.last_modified;
    if (age > config_.stored_deadline) {
        CO_CHECK(co_await alert_once(image, object.last_modified, report));
    }
    if (age > config_.lost_after) CO_CHECK(co_await replay(object, report));
    co_return Result<void>{};
}

bool Sweep::may_be_in_line(const ObjectInfo& object) const {
    // An event is as old as its object; all in line are younger than this one, or none is there.
    return backlog_.count > 0 && backlog_.oldest <= object.last_modified + 1s;
}

Task<Result<void>> Sweep::replay(const ObjectInfo& object, Report& report) {
    Known& memory = known(object.key);
    const auto now = ports_.clock.steady();
    if (may_be_in_line(object) || now < memory.next_replay) co_return Result<void>{};
    StorageEvent event;
    event.name = "ObjectCreated:Put";
    event.at = object.last_modified;
    event.bucket = kOriginalsBucket;
    event.key = object.key;
    event.size_bytes = object.size_bytes;
    event.etag = object.etag;
    event.sequencer = object.sequencer;
    CO_CHECK(co_await ports_.events.add(ports_.to_json(event)));
    std::chrono::seconds pause = kFirstReplayPause;
    for (std::uint32_t i = 0; i < memory.replays && pause < kMaxReplayPause; ++i) pause *= 2;
    ++memory.replays;
    memory.next_replay = now + pause;
    ++report.replayed;
    log::warning("event made anew for an object without one", {{"object", object.key}});
    co_return Result<void>{};
}

Task<Result<void>> Sweep::alert_once(const Image& image, TimePoint since, Report& report) {
    Known& memory = known(image.key);
    bool& is_alerted =
        image.state == ImageState::kStored ? memory.is_alerted_stored : memory.is_alerted_pending;
    if (is_alerted) co_return Result<void>{};
    Alert alert{
        .kind = "image_stuck",
        .cause = fmt::format("no_verdict_in_state_{}", name_of(image.state)),
        .text = fmt::format("image {} since {}", image.id.value, format_rfc3339(since)),
        .image_id = image.id.value,
        .at = ports_.clock.now()
    };
    CO_CHECK(co_await ports_.alerts.raise(std::move(alert)));
    is_alerted = true;
    ++report.stuck;
    co_return Result<void>{};
}

Sweep::Known& Sweep::known(const std::string& name) {
    const auto [it, is_new] = known_.try_emplace(name);
    if (is_new) {
        known_order_.push_back(name);
        if (known_order_.size() > config_.max_remembered) {
            known_.erase(known_order_.front());
            known_order_.pop_front();
        }
    }
    return it->second;
}

Task<Result<void>> Sweep::walk(Report& report) {
    const std::string bucket(walks_variants_ ? kVariantsBucket : kOriginalsBucket);
    ListOptions options;
    options.start_after = walk_after_;
    options.max_keys = config_.walk_keys;
    CO_TRY(const auto page, co_await ports_.store.list(bucket, options));
    std::map<std::string, std::vector<ObjectInfo>> by_image;
    for (const auto& object : page.objects) {
        const auto id = object.key.substr(0, object.key.find('/'));
        if (is_uuid_v7(id)) by_image[id].push_back(object);
    }
    for (const auto& [id, objects] : by_image) {
        CO_CHECK(co_await hold_against_catalog(ImageId{id}, objects, report));
    }
    walk_after_ = page.is_truncated ? page.next_start_after : std::string();
    if (!page.is_truncated) walks_variants_ = !walks_variants_;
    co_return Result<void>{};
}

Task<Result<void>> Sweep::hold_against_catalog(
    const ImageId& id, const std::vector<ObjectInfo>& objects, Report& report
) {
    auto found = co_await ports_.catalog.find(id);
    if (!found && found.error().code == Errc::kNotFound) {
        CO_TRY(const bool is_deleted, co_await was_deleted(ports_.catalog, id, ports_.clock.now()));
        if (!is_deleted) {
            log::info("objects of an unknown image", {{"image_id", id.value}});
            co_return Result<void>{};
        }
        CO_CHECK(co_await ports_.deletion.remove_objects(id));
        ++report.removed;
        co_return Result<void>{};
    }
    CO_TRY(const auto image, std::move(found));
    if (walks_variants_) co_return co_await clear_variants(image, objects, report);
    for (const auto& object : objects) {
        const auto key = parse_object_key(object.key);
        if (key && !key->thumbnail.empty()) {
            CO_CHECK(co_await check_thumbnail(image, object, report));
        }
    }
    co_return Result<void>{};
}

Task<Result<void>> Sweep::clear_variants(
    const Image& image, std::vector<ObjectInfo> objects, Report& report
) {
    const auto now = ports_.clock.now();
    std::erase_if(objects, [&](const ObjectInfo& object) {
        return now - object.last_modified < config_.grace;
    });
    CO_TRY(const auto removed, co_await remove_stale_variants(ports_.store, image, objects));
    report.removed += removed > 0 ? 1 : 0;
    co_return Result<void>{};
}

Task<Result<void>> Sweep::check_thumbnail(
    const Image& image, const ObjectInfo& object, Report& report
) {
    const auto age = ports_.clock.now() - object.last_modified;
    if (image.state == ImageState::kExpired) {
        if (age < kThumbnailLifetime) co_return Result<void>{};
        CO_CHECK(co_await ports_.store.remove(image.bucket, object.key, object.etag));
        ++report.removed;
        co_return Result<void>{};
    }
    const bool is_shown = image.state == ImageState::kReady;
    const bool is_registered = std::ranges::any_of(image.variants, [&](const Variant& variant) {
        return variant.key == object.key;
    });
    if (!is_shown || is_registered || age <= config_.lost_after) co_return Result<void>{};
    // Either its event was lost, or it was refused, which nothing records: looking at it once more
    // in a while costs little.
    co_return co_await replay(object, report);
}

}  // namespace pixgate
