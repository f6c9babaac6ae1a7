#include "flow/deliver_image.h"

#include <fmt/format.h>

#include <deque>
#include <map>

#include "base/crypto.h"
#include "base/log.h"
#include "core/bucket.h"
#include "flow/object_file.h"

namespace pixgate {

namespace {

constexpr std::chrono::seconds kImageLifetime{2};
constexpr std::size_t kMaxImages = 20'000;
constexpr std::uint64_t kMaxVariantBytes = 64ULL << 20;

// At most `max_running` at once, the others in line in order of arrival.
class Turnstile {
public:
    Turnstile(std::size_t max_running, std::size_t max_waiting)
        : free_(max_running), max_waiting_(max_waiting) {}

    Task<Result<void>> enter(std::chrono::milliseconds limit) {
        std::shared_ptr<Ticket> ticket;
        {
            const std::lock_guard lock(mutex_);
            if (free_ > 0) {
                --free_;
                co_return Result<void>{};
            }
            if (line_.size() >= max_waiting_) {
                co_return fail(
                    Errc::kOverloaded, "too many transforms in line", "transform_queue_full"
                );
            }
            ticket = line_.emplace_back(std::make_shared<Ticket>());
        }
        co_await ticket->signal.wait(ticket->seen, limit);
        const std::lock_guard lock(mutex_);
        if (ticket->has_turn) co_return Result<void>{};
        std::erase(line_, ticket);
        co_return fail(
            Errc::kOverloaded, "the transform had to wait too long", "transform_queue_slow"
        );
    }

    // Gives the place back, also where what was done in it throws.
    struct Place {
        explicit Place(Turnstile& t) : turnstile(t) {}
        ~Place() { turnstile.leave(); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        Turnstile& turnstile;
    };

private:
    void leave() {
        const std::lock_guard lock(mutex_);
        if (line_.empty()) {
            ++free_;
            return;
        }
        const auto next = line_.front();
        line_.pop_front();
        next->has_turn = true;
        next->signal.notify();
    }

    struct Ticket {
        Signal signal;
        std::uint64_t seen = signal.version();
        bool has_turn = false;
    };
    std::mutex mutex_;
    std::size_t free_;
    std::size_t max_waiting_;
    std::deque<std::shared_ptr<Ticket>> line_;
};

// One computation and all who wait for it.
struct Flight {
    Signal done;
    std::uint64_t seen = done.version();
    std::mutex mutex;
    std::optional<Result<DeliveredPtr>> result;
    std::size_t waiters = 0;
};

std::string variant_key(const Image& image, const Transform& transform) {
    return image.etag + "/" + canonical(transform);
}

std::string head_of(const DeliveredVariant& v, std::uint32_t max_age_s, bool by_accept) {
    return fmt::format(
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: {}\r\n"
        "Content-Length: {}\r\n"
        "ETag: {}\r\n"
        "Cache-Control: public, max-age={}, stale-while-revalidate=86400\r\n"
        "Accept-Ranges: bytes\r\n"
        "{}"
        "X-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; sandbox\r\n"
        "Cross-Origin-Resource-Policy: cross-origin\r\n"
        "Access-Control-Allow-Origin: *\r\n"
        "Timing-Allow-Origin: *\r\n",
        v.content_type, v.body->size(), v.etag, max_age_s, by_accept ? "Vary: Accept\r\n" : ""
    );
}

}  // namespace

struct DeliverImage::State : std::enable_shared_from_this<DeliverImage::State> {
    State(Ports p, Config c)
        : ports(std::move(p)),
          config(c),
          cache(c.memory_bytes, ports.metrics),
          turnstile(c.max_running, c.max_waiting),
          hits(source_counter("memory")),
          stored(source_counter("bucket")),
          made(source_counter("made")),
          make_seconds(
              ports.metrics.seconds("pixgate_edge_transform_seconds", "Time to make one variant")
          ) {}

    Counter& source_counter(const char* source) {
        return ports.metrics.counter(
            "pixgate_edge_variants_total", "Variants served, by where they came from",
            {{"source", source}}
        );
    }

    DeliveredPtr wrap(std::string bytes, OutputFormat format) const {
        auto v = std::make_shared<DeliveredVariant>();
        v->etag = '"' + hex_encode(sha256(as_bytes(bytes))).substr(0, 32) + '"';
        v->content_type = content_type_of(format);
        v->body = std::make_shared<const std::string>(std::move(bytes));
        v->head = std::make_shared<const std::string>(head_of(*v, config.max_age_seconds, false));
        v->head_by_accept =
            std::make_shared<const std::string>(head_of(*v, config.max_age_seconds, true));
        return v;
    }

    Task<Result<DeliveredPtr>> from_bucket(const Image& image, const Transform& transform);
    Task<Result<DeliveredPtr>> make(const Image& image, const Transform& transform);
    Task<Result<DeliveredPtr>> compute(std::shared_ptr<const Image> image, Transform transform);
    static Task<void> fly(
        std::shared_ptr<State> self,
        std::shared_ptr<Flight> flight,
        std::shared_ptr<const Image> image,
        Transform transform
    );
    std::shared_ptr<Flight> join_flight(
        std::shared_ptr<const Image> image, const Transform& transform
    );

    Ports ports;
    Config config;
    VariantCache cache;
    Turnstile turnstile;
    Counter& hits;
    Counter& stored;
    Counter& made;
    Histogram& make_seconds;

    std::mutex mutex;
    std::map<std::string, std::shared_ptr<Flight>> flights;
    struct Known {
        std::shared_ptr<const Image> image;
        std::chrono::steady_clock::time_point until;
    };
    std::unordered_map<std::string, Known> images;
    std::shared_ptr<std::atomic<std::uint64_t>> forgotten =
        std::make_shared<std::atomic<std::uint64_t>>(0);
    std::uint64_t forget_count =
        0;  // a look-up that began before a forget() must not bring the image back
};

DeliverImage::DeliverImage(Ports ports, Config config)
    : state_(std::make_shared<State>(std::move(ports), config)) {}
DeliverImage::~DeliverImage() = default;

Task<Result<std::shared_ptr<const Image>>> DeliverImage::find(ImageId id) {
    auto state = state_;
    const auto now = state->ports.clock.steady();
    std::uint64_t forget_count = 0;
    {
        const std::lock_guard lock(state->mutex);
        const auto known = state->images.find(id.value);
        if (known != state->images.end() && known->second.until > now)
            co_return known->second.image;
        forget_count = state->forget_count;
    }
    CO_TRY(Image found, co_await state->ports.catalog.find(id));
    if (found.state != ImageState::kReady) co_return fail(Errc::kNotFound, "image is not ready");
    auto image = std::make_shared<const Image>(std::move(found));
    const std::lock_guard lock(state->mutex);
    if (state->forget_count == forget_count) {
        if (state->images.size() >= kMaxImages) state->images.clear();
        state->images[id.value] = {image, now + kImageLifetime};
    }
    co_return image;
}

DeliveredPtr DeliverImage::cached(const Image& image, const Transform& transform) {
    auto found = state_->cache.find(image.id, variant_key(image, transform));
    if (found) state_->hits.add();
    return found;
}

std::shared_ptr<const std::atomic<std::uint64_t>> DeliverImage::forgotten() const {
    return state_->forgotten;
}

Counter& DeliverImage::hits() {
    return state_->hits;
}

void DeliverImage::forget(const ImageId& id) {
    ++*state_->forgotten;
    {
        const std::lock_guard lock(state_->mutex);
        ++state_->forget_count;
        state_->images.erase(id.value);
    }
    state_->cache.forget(id);
}

std::shared_ptr<Flight> DeliverImage::State::join_flight(
    std::shared_ptr<const Image> image, const Transform& transform
) {
    const std::string key = image->id.value + "/" + variant_key(*image, transform);
    std::shared_ptr<Flight> flight;
    {
        const std::lock_guard lock(mutex);
        auto& slot = flights[key];
        if (slot) {
            if (slot->waiters >= config.max_waiters_per_key) return nullptr;
            ++slot->waiters;
            return slot;
        }
        flight = slot = std::make_shared<Flight>();
        flight->waiters = 1;
    }
    // The computation belongs to the key, not to the request that came first.
    ports.spawn("make-variant", fly(shared_from_this(), flight, std::move(image), transform));
    return flight;
}

Task<void> DeliverImage::State::fly(
    std::shared_ptr<State> self,
    std::shared_ptr<Flight> flight,
    std::shared_ptr<const Image> image,
    Transform transform
) {
    Result<DeliveredPtr> result = fail(Errc::kInternal, "variant was not made");
    try {
        result = co_await self->compute(image, transform);
    } catch (const std::exception& e) {
        log::error("making a variant threw", {{"image_id", image->id.value}, {"what", e.what()}});
    }
    {
        const std::lock_guard lock(self->mutex);
        self->flights.erase(image->id.value + "/" + variant_key(*image, transform));
    }
    {
        const std::lock_guard lock(flight->mutex);
        flight->result = std::move(result);
    }
    flight->done.notify();
}

Task<Result<DeliveredPtr>> DeliverImage::variant(
    std::shared_ptr<const Image> image, Transform transform
) {
    if (auto found = cached(*image, transform)) co_return found;
    const auto flight = state_->join_flight(image, transform);
    if (!flight)
        co_return fail(Errc::kOverloaded, "too many wait for this variant", "transform_queue_full");
    co_await flight->done.wait(flight->seen, state_->config.wait_limit);
    const std::lock_guard lock(flight->mutex);
    if (!flight->result)
        co_return fail(Errc::kOverloaded, "the variant is still being made", "transform_slow");
    co_return *flight->result;
}

Task<Result<DeliveredPtr>> DeliverImage::State::compute(
    std::shared_ptr<const Image> image, Transform transform
) {
    std::uint64_t before = 0;
    {
        const std::lock_guard lock(mutex);
        before = forget_count;
    }
    auto result = co_await from_bucket(*image, transform);
    // A kept variant that is damaged is made again, which also replaces it.
    if (!result &&
        (result.error().code == Errc::kNotFound || result.error().code == Errc::kCorrupt)) {
        CO_CHECK(co_await turnstile.enter(config.wait_limit));
        const Turnstile::Place place(turnstile);
        result = co_await make(*image, transform);
    }
    if (result) {
        cache.insert(image->id, variant_key(*image, transform), *result);
        const std::lock_guard lock(mutex);
        if (before != forget_count) cache.forget(image->id);
    }
    co_return result;
}

Task<Result<DeliveredPtr>> DeliverImage::State::from_bucket(
    const Image& image, const Transform& transform
) {
    const std::string key = image.id.value + "/" + variant_key(image, transform);
    CO_TRY(const auto reader, co_await ports.store.get(std::string(kVariantsBucket), key));
    if (reader->info().size_bytes > kMaxVariantBytes)
        co_return fail(Errc::kNotFound, "variant too large");
    const auto body = reader->body(0, reader->info().size_bytes);
    CO_TRY(std::string bytes, co_await read_all(*body, kMaxVariantBytes));
    stored.add();
    co_return wrap(std::move(bytes), transform.format);
}

Task<Result<DeliveredPtr>> DeliverImage::State::make(
    const Image& image, const Transform& transform
) {
    CO_TRY(const auto reader, co_await ports.store.get(image.bucket, image.key));
    if (reader->info().etag != image.etag)
        co_return fail(Errc::kNotFound, "the original was replaced");
    CO_TRY(const UniqueFd file, co_await open_as_file(*reader));
    const auto begin = ports.clock.steady();
    const auto size = reader->info().size_bytes;
    auto work = [&] { return ports.make(file.get(), size, image, transform); };
    CO_TRY(MadeVariant out, co_await offload(ports.imaging_pool, work));
    make_seconds.observe(std::chrono::duration<double>(ports.clock.steady() - begin).count());
    if (out.refusal != imaging::Refusal::kNone) {
        co_return fail(
            Errc::kUnsupportedMedia, "cannot be decoded", std::string(imaging::code_of(out.refusal))
        );
    }
    made.add();
    // Kept for other processes and restarts; without it the variant is made again, no more.
    const auto text = make_text_body(out.bytes);
    PutOptions options;
    options.content_type = content_type_of(transform.format);
    const std::string key = image.id.value + "/" + variant_key(image, transform);
    const auto kept =
        co_await ports.store.put(std::string(kVariantsBucket), key, *text, std::move(options));
    if (!kept)
        log::failure(
            log::Level::kWarning, "variant not kept", kept.error(), {{"image_id", image.id.value}}
        );
    co_return wrap(std::move(out.bytes), transform.format);
}

}  // namespace pixgate
