#include "flow/known_images.h"

#include "base/log.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 1s;      // between two tries of a catalog that fails or is slow
constexpr auto kLogInterval = 60s;  // someone must hear of it, but not with every request

std::unexpected<Error> absent() {
    return fail(Errc::kNotFound, "no such image");
}

Counter& stale_counter(Metrics& metrics, const char* why) {
    return metrics.counter(
        "pixgate_edge_stale_total",
        "Requests answered by what was known of an image while the catalog did not tell",
        {{"because", why}}
    );
}

}  // namespace

KnownImages::KnownImages(Ports ports, Config config)
    : ports_(std::move(ports)),
      config_(config),
      stale_by_error_(stale_counter(ports_.metrics, "error")),
      stale_by_slowness_(stale_counter(ports_.metrics, "slow")) {
    for (std::size_t i = 0; i < kShards; ++i) {
        shards_.push_back(
            std::make_unique<Shard>(std::max<std::size_t>(1, config.max_images / kShards))
        );
    }
}

KnownImages::Shard& KnownImages::shard_of(const ImageId& id) {
    return *shards_[std::hash<std::string>()(id.value) % kShards];
}

std::shared_ptr<const Image> KnownImages::fresh(const ImageId& id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const Known* known = shard.known.find(id.value, {});
    if (known == nullptr || ports_.clock.steady() >= known->fresh_until) return nullptr;
    return known->image;
}

std::optional<Result<FoundImage>> KnownImages::recall(const ImageId& id, Known& known) {
    Shard& shard = shard_of(id);
    const auto now = ports_.clock.steady();
    const std::lock_guard lock(shard.mutex);
    if (shard.buried.find(id.value, {}) != nullptr) return absent();
    const Known* found = shard.known.find(id.value, {});
    if (found == nullptr) return std::nullopt;
    if (now < found->fresh_until) {
        if (!found->image) return absent();
        return FoundImage{found->image};
    }
    if (!found->image || now >= found->stale_until) return std::nullopt;
    known = *found;
    return std::nullopt;
}

Task<Result<FoundImage>> KnownImages::find(ImageId id) {
    Known known;
    if (auto recalled = recall(id, known)) co_return *std::move(recalled);
    const bool may_be_stale = known.image != nullptr;
    if (may_be_stale && ports_.clock.steady() < known.patient_until) {
        co_return stale(id, known, known.is_by_error);
    }
    const auto joined = flights_.join(id.value, {}, config_.max_waiters);
    if (!joined.flight) {
        if (may_be_stale) co_return stale(id, known, false);
        co_return fail(Errc::kOverloaded, "too many look this image up");
    }
    if (joined.is_leader) {
        ports_.spawn("look-up-image", look_up(shared_from_this(), joined.flight, id));
    }
    const auto limit = may_be_stale ? config_.slow : config_.look_up_limit;
    const auto result = co_await SingleFlight<ImagePtr>::wait(joined.flight, limit);
    if (result && *result) co_return FoundImage{**result};
    if (result && result->error().code == Errc::kNotFound) co_return absent();
    if (may_be_stale) co_return stale(id, known, result.has_value());
    if (result) co_return std::unexpected(result->error());
    co_return fail(Errc::kUnavailable, "the catalog is slow");
}

Result<FoundImage> KnownImages::stale(const ImageId& id, const Known& known, bool is_by_error) {
    const auto now = ports_.clock.steady();
    {
        Shard& shard = shard_of(id);
        const std::lock_guard lock(shard.mutex);
        if (shard.buried.find(id.value, {}) != nullptr) return absent();
    }
    be_patient(id, is_by_error);
    (is_by_error ? stale_by_error_ : stale_by_slowness_).add();
    {
        const std::lock_guard lock(log_mutex_);
        if (now >= next_log_) {
            next_log_ = now + kLogInterval;
            log::error(
                "serving images as they were known: the catalog does not tell",
                {{"because", is_by_error ? "error" : "slow"}}
            );
        }
    }
    const auto late = std::chrono::duration_cast<std::chrono::seconds>(now - known.fresh_until);
    return FoundImage{known.image, std::max(1s, late), is_by_error};
}

void KnownImages::be_patient(const ImageId& id, bool is_by_error) {
    Shard& shard = shard_of(id);
    const auto now = ports_.clock.steady();
    const std::lock_guard lock(shard.mutex);
    Known* known = shard.known.find(id.value, {});
    if (known == nullptr || known->patient_until > now) return;
    known->patient_until = now + kPatience;
    known->is_by_error = is_by_error;
}

void KnownImages::remember(
    const ImageId& id, const Result<Image>& found, std::uint64_t forget_count
) {
    Shard& shard = shard_of(id);
    const auto now = ports_.clock.steady();
    const std::lock_guard lock(shard.mutex);
    if (shard.forget_count != forget_count) return;
    // Not yet looked at: it may be ready a moment later.
    const bool is_open = found && !is_final(found->state);
    if (is_open) return;
    const auto fresh_until = now + config_.lifetime;
    Known known{nullptr, fresh_until, fresh_until, {}};
    if (found) {
        known.image = std::make_shared<const Image>(*found);
        known.stale_until =
            now + std::max<std::chrono::milliseconds>(config_.lifetime, config_.stale_if_error);
    }
    shard.known.insert(id.value, {}, std::move(known), 1);
}

Task<void> KnownImages::look_up(
    std::shared_ptr<KnownImages> self, SingleFlight<ImagePtr>::FlightPtr flight, ImageId id
) {
    std::uint64_t forget_count = 0;
    bool was_ready = false;
    bool has_just_failed = false;  // for who asked a moment before
    {
        Shard& shard = self->shard_of(id);
        const std::lock_guard lock(shard.mutex);
        forget_count = shard.forget_count;
        const Known* known = shard.known.find(id.value, {});
        was_ready = known != nullptr && known->image;
        const auto now = self->ports_.clock.steady();
        has_just_failed = was_ready && known->is_by_error && now < known->patient_until &&
                          now < known->stale_until;
    }
    Result<Image> found = fail(Errc::kUnavailable, "the look-up did not end");
    try {
        if (!has_just_failed) found = co_await self->ports_.catalog.find(id);
    } catch (const std::exception& e) {
        log::error("looking an image up threw", {{"image_id", id.value}, {"what", e.what()}});
    }
    const bool is_known = found || found.error().code == Errc::kNotFound;
    if (is_known) {
        self->remember(id, found, forget_count);
    } else {
        self->be_patient(id, true);
    }
    if (is_known && was_ready && (!found || found->state != ImageState::kReady)) {
        if (!found) self->bury(id);
        self->ports_.on_gone(id);
    }
    Result<ImagePtr> result = found ? Result<ImagePtr>(std::make_shared<const Image>(*found))
                                    : std::unexpected(found.error());
    // First, so that who comes after the answer does not get it again.
    self->flights_.close(id.value, flight);
    self->flights_.publish(flight, std::move(result));
}

void KnownImages::forget(const ImageId& id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    ++shard.forget_count;
    shard.known.erase(id.value, {});
}

void KnownImages::bury(const ImageId& id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    ++shard.forget_count;
    shard.known.erase(id.value, {});
    shard.buried.insert(id.value, {}, true, 1);
}

}  // namespace pixgate
