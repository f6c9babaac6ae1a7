#include "flow/deliver_image.h"

#include <fmt/format.h>

#include <atomic>

#include "base/backoff.h"
#include "base/log.h"
#include "flow/fair_line.h"
#include "flow/picture_head.h"
#include "flow/pixel_budget.h"
#include "flow/stored_variants.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;
using From = Delivery::From;

constexpr std::uint64_t kMaxRefusals = 10'000;
// Longer than making and storing takes at worst, so that it ends only where its holder died.
constexpr auto kLeaseLifetime = 20s;
constexpr auto kFirstPoll = 50ms;
constexpr auto kMaxPoll = 400ms;

struct Made {
    DeliveredPtr variant;
    From from = From::kMade;
    bool is_kept = true;
};
using Flights = SingleFlight<Made>;

// Of one image: the version and the one text of the transform.
std::string variant_key(const Image& image, const Transform& transform) {
    return image.etag + "/" + canonical(transform);
}

// What trying again at once would only repeat.
bool is_lasting(const Error& error) {
    return error.code == Errc::kUnsupportedMedia || error.code == Errc::kCrashed ||
           error.code == Errc::kDeadlineExceeded;
}

bool is_absent(const Error& error) {
    return error.code == Errc::kNotFound || error.code == Errc::kCorrupt;
}

// Refused because of who it was made for, which says nothing to others.
bool is_of_client(const Error& error) {
    return error.code == Errc::kOverloaded &&
           (error.reason == "rate_limited" || error.reason == "transform_queue_full" ||
            error.reason == "transform_queue_slow");
}

}  // namespace

struct DeliverImage::State : std::enable_shared_from_this<DeliverImage::State> {
    State(Ports p, Config c)
        : ports(std::move(p)),
          config(std::move(c)),
          cache(config.memory_bytes, ports.metrics),
          stored(ports.store, ports.catalog, config.look),
          maker({ports.store, ports.make, ports.imaging_pool, ports.metrics, config.look}),
          line(config.max_running, config.max_waiting),
          budget(ports.clock, config.pixels_per_second_per_client),
          refusals({kMaxRefusals}),
          from_memory(source_counter("memory")),
          from_bucket(source_counter("bucket")),
          from_making(source_counter("made")),
          collapsed(ports.metrics.counter(
              "pixgate_edge_collapsed_total", "Requests that waited for another one's computation"
          )),
          refused_again(ports.metrics.counter(
              "pixgate_edge_known_refusals_total",
              "Requests for what could not be made a moment ago, refused without trying"
          )),
          make_seconds(
              ports.metrics.seconds("pixgate_edge_transform_seconds", "Time to make one variant")
          ),
          line_length(ports.metrics.gauge("pixgate_edge_line", "Transforms that wait for a place")
          ) {}

    Counter& source_counter(const char* source) {
        return ports.metrics.counter(
            "pixgate_edge_variants_total", "Variants served, by where they came from",
            {{"source", source}}
        );
    }

    // Counted twice: whoever reads the count between both has maybe seen what is about to go.
    void forget(const ImageId& id, void (KnownImages::*how)(const ImageId&)) {
        ++*forgotten;
        if (how != nullptr) ((*images).*how)(id);
        cache.forget(id);
        ++*forgotten;
    }

    std::optional<Error> known_refusal(const Image& image, const std::string& key);
    void note_refusal(const Image& image, const std::string& key, const Error& error);
    Task<Result<Made>> from_store(const Image& image, const Transform& transform);
    Task<Result<Made>> make(const Image& image, const Transform& transform, std::string client);
    Task<Result<Made>> make_or_await(
        const Image& image,
        const Transform& transform,
        std::string client,
        std::optional<std::string>& lease
    );
    Task<Result<Made>> compute(
        const Image& image,
        const Transform& transform,
        std::string client,
        std::optional<std::string>& lease
    );
    static Task<void> fly(
        std::shared_ptr<State> self,
        Flights::FlightPtr flight,
        std::shared_ptr<const Image> image,
        Transform transform
    );

    Ports ports;
    Config config;
    VariantCache cache;
    StoredVariants stored;
    VariantMaker maker;
    FairLine line;
    PixelBudget budget;
    std::shared_ptr<KnownImages> images;
    Flights flights;
    // A variant that was begun before a forget() must not stay in memory.
    std::shared_ptr<std::atomic<std::uint64_t>> forgotten =
        std::make_shared<std::atomic<std::uint64_t>>(0);
    std::atomic<double> usual_seconds{0.05};  // of making one

    struct Refusal {
        Error error;
        std::chrono::steady_clock::time_point until;
    };
    std::mutex refusals_mutex;
    ScanResistantCache<Refusal> refusals;

    Counter& from_memory;
    Counter& from_bucket;
    Counter& from_making;
    Counter& collapsed;
    Counter& refused_again;
    Histogram& make_seconds;
    Gauge& line_length;
};

DeliverImage::DeliverImage(Ports ports, Config config)
    : state_(std::make_shared<State>(std::move(ports), std::move(config))) {
    // Look-ups may outlive this object, but then nothing is left to forget.
    const std::weak_ptr<State> weak = state_;
    const auto on_gone = [weak](const ImageId& id) {
        const auto state = weak.lock();
        if (state) state->forget(id, nullptr);
    };
    KnownImages::Config known;
    known.stale_if_error = state_->config.stale_if_error;
    state_->images = std::make_shared<KnownImages>(
        KnownImages::Ports{
            state_->ports.catalog, state_->ports.clock, state_->ports.metrics, state_->ports.spawn,
            on_gone
        },
        known
    );
}
DeliverImage::~DeliverImage() = default;

Task<Result<FoundImage>> DeliverImage::find(ImageId id) {
    return state_->images->find(std::move(id));
}

std::shared_ptr<const Image> DeliverImage::known(const ImageId& id) {
    auto image = state_->images->fresh(id);
    return image && image->state == ImageState::kReady ? image : nullptr;
}

DeliveredPtr DeliverImage::cached(const Image& image, const Transform& transform) {
    auto found = state_->cache.find(image.id, variant_key(image, transform));
    if (found) state_->from_memory.add();
    return found;
}

std::shared_ptr<const std::atomic<std::uint64_t>> DeliverImage::forgotten() const {
    return state_->forgotten;
}

Counter& DeliverImage::hits() {
    return state_->from_memory;
}

void DeliverImage::forget(const ImageId& id) {
    state_->forget(id, &KnownImages::forget);
}

void DeliverImage::look_again(const ImageId& id) {
    state_->images->forget(id);
}

void DeliverImage::bury(const ImageId& id) {
    state_->forget(id, &KnownImages::bury);
}

std::optional<Error> DeliverImage::State::known_refusal(
    const Image& image, const std::string& key
) {
    const std::lock_guard lock(refusals_mutex);
    const Refusal* known = refusals.find(image.id.value, key);
    if (known == nullptr || ports.clock.steady() >= known->until) return std::nullopt;
    refused_again.add();
    return known->error;
}

void DeliverImage::State::note_refusal(
    const Image& image, const std::string& key, const Error& error
) {
    const std::lock_guard lock(refusals_mutex);
    refusals.insert(
        image.id.value, key, {error, ports.clock.steady() + config.refusal_lifetime}, 1
    );
}

Task<Result<Delivery>> DeliverImage::variant(
    std::shared_ptr<const Image> image, Transform transform, std::string client
) {
    const auto state = state_;
    if (auto found = cached(*image, transform)) co_return Delivery{std::move(found)};
    const std::string key = variant_key(*image, transform);
    if (auto refusal = state->known_refusal(*image, key))
        co_return std::unexpected(*std::move(refusal));
    const std::string flight_key = variant_object_key(*image, transform, state->config.look);
    const auto end = state->ports.clock.steady() + state->config.wait_limit;
    for (;;) {
        const auto joined =
            state->flights.join(flight_key, client, state->config.max_waiters_per_key);
        if (!joined.flight) {
            co_return fail(
                Errc::kOverloaded, "too many wait for this variant", "transform_queue_full"
            );
        }
        if (joined.is_leader) {
            state->ports.spawn("make-variant", State::fly(state, joined.flight, image, transform));
        } else {
            state->collapsed.add();
        }
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - state->ports.clock.steady());
        auto result = co_await Flights::wait(joined.flight, left);
        if (!result)
            co_return fail(Errc::kOverloaded, "the variant is still being made", "transform_slow");
        if (*result) {
            const Made& made = **result;
            co_return Delivery{made.variant, made.from, !joined.is_leader, made.is_kept};
        }
        const bool is_anothers = joined.flight->owner != client && is_of_client(result->error());
        if (!is_anothers) co_return std::unexpected(result->error());
    }
}

std::chrono::seconds DeliverImage::retry_after(const Error& error, const std::string& client)
    const {
    std::chrono::milliseconds wait = 1s;
    if (error.reason == "rate_limited") {
        wait = std::max(wait, state_->budget.wait_of(client));
    } else {
        const double turns = 1.0 + static_cast<double>(state_->line.waiting()) /
                                       static_cast<double>(state_->line.places());
        const double ms = 1'000 * turns * state_->usual_seconds.load();
        wait = std::max(wait, std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
    }
    constexpr std::chrono::milliseconds kLongest = 60s;
    wait = std::min(wait, kLongest / 2);
    return std::chrono::ceil<std::chrono::seconds>(backoff_after(1, 2 * wait, kLongest));
}

Task<Result<Made>> DeliverImage::State::from_store(const Image& image, const Transform& transform) {
    CO_TRY(std::string bytes, co_await stored.find(image, transform));
    from_bucket.add();
    co_return Made{
        wrap_variant(std::move(bytes), image.id, transform.format, config.caching), From::kBucket
    };
}

Task<Result<Made>> DeliverImage::State::make(
    const Image& image, const Transform& transform, std::string client
) {
    const auto too_much = [] {
        return fail(Errc::kOverloaded, "this client asks for too much at once", "rate_limited");
    };
    // Who has nothing left does not wait in line for it; who gets no place pays for nothing.
    if (budget.wait_of(client).count() > 0) co_return too_much();
    std::string bytes;
    {
        auto entered = co_await line.enter(client, config.line_limit);
        line_length.set(static_cast<double>(line.waiting()));
        CO_TRY(const FairLine::Place place, std::move(entered));
        if (!client.empty() && !budget.take(client, work_pixels(image, transform)))
            co_return too_much();
        const auto begin = ports.clock.steady();
        CO_TRY(bytes, co_await maker.make(image, transform));
        const double took = std::chrono::duration<double>(ports.clock.steady() - begin).count();
        make_seconds.observe(took);
        usual_seconds = 0.9 * usual_seconds + 0.1 * took;
    }
    from_making.add();
    co_return Made{
        wrap_variant(std::move(bytes), image.id, transform.format, config.caching), From::kMade
    };
}

// Where other processes make variants, too: whoever has the lease makes it, the others look whether
// it is there, and make it themselves when that takes too long.
Task<Result<Made>> DeliverImage::State::make_or_await(
    const Image& image,
    const Transform& transform,
    std::string client,
    std::optional<std::string>& lease
) {
    const std::string name = "variant/" + variant_object_key(image, transform, config.look);
    std::chrono::milliseconds waited{0};
    for (std::chrono::milliseconds pause = kFirstPoll; ports.leases != nullptr;) {
        const auto taken = co_await ports.leases->try_take(name, kLeaseLifetime);
        if (!taken) break;
        lease = *taken;
        // Between the look before and this lease another process may have stored it.
        auto found = co_await from_store(image, transform);
        if (found || !is_absent(found.error())) co_return found;
        if (lease || waited >= config.lease_patience) break;
        co_await sleep_for(pause);
        waited += pause;
        pause = std::min<std::chrono::milliseconds>(2 * pause, kMaxPoll);
    }
    co_return co_await make(image, transform, std::move(client));
}

Task<Result<Made>> DeliverImage::State::compute(
    const Image& image,
    const Transform& transform,
    std::string client,
    std::optional<std::string>& lease
) {
    const std::string key = variant_key(image, transform);
    // Whoever looked just before the last computation of it ended begins this one.
    if (auto refusal = known_refusal(image, key)) co_return std::unexpected(*std::move(refusal));
    if (auto found = cache.find(image.id, key)) co_return Made{std::move(found), From::kMemory};
    const auto before = forgotten->load();
    auto result = co_await from_store(image, transform);
    // A kept variant that is damaged is made again, which also replaces it.
    if (!result && is_absent(result.error())) {
        result = co_await make_or_await(image, transform, std::move(client), lease);
    }
    if (!result) {
        if (is_lasting(result.error())) note_refusal(image, key, result.error());
        co_return result;
    }
    result->is_kept = cache.insert(image.id, key, result->variant);
    if (before != forgotten->load()) {
        cache.forget(image.id);
        result->is_kept = false;
    }
    co_return result;
}

// The computation belongs to the key, not to the request that came first. Who waits is answered
// before the variant is stored; who comes meanwhile still finds it here.
Task<void> DeliverImage::State::fly(
    std::shared_ptr<State> self,
    Flights::FlightPtr flight,
    std::shared_ptr<const Image> image,
    Transform transform
) {
    const std::string key = variant_object_key(*image, transform, self->config.look);
    std::optional<std::string> lease;
    try {
        auto result = co_await self->compute(*image, transform, flight->owner, lease);
        // A failure is for those who wait, and for nobody after them.
        if (!result) self->flights.close(key, flight);
        self->flights.publish(flight, result);
        if (result && result->from == From::kMade) {
            co_await self->stored.keep(*image, transform, *result->variant->body);
        }
    } catch (const std::exception& e) {
        log::error("making a variant threw", {{"image_id", image->id.value}, {"what", e.what()}});
        self->flights.close(key, flight);
        self->flights.publish(flight, fail(Errc::kInternal, "variant was not made"));
    }
    self->flights.close(key, flight);
    if (lease) co_await self->ports.leases->release("variant/" + key, *lease);
}

}  // namespace pixgate
