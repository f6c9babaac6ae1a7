// Server-sent events (WHATWG HTML section 9.2): GET /v1/events and /v1/images/{id}/events.
//   id: 42
//   event: image
//   data: {"image_id":…}
#include <charconv>

#include "roles/api/api.h"

namespace pixgate::roles {

namespace {

using Steady = std::chrono::steady_clock;

struct StreamPlan {
    LiveFeed::Filter filter;
    std::int64_t position = 0;
    std::string first;       // sent before anything else
    bool is_single = false;  // one image: ends after its final state
    bool is_final = false;   // and it is in one already
    std::chrono::milliseconds heartbeat{};
    std::chrono::milliseconds linger{};
    std::chrono::seconds max_age{};
};

void append_event(std::string& out, std::int64_t seq, const Image& image, const ImageUrls& urls) {
    out +=
        "id: " + std::to_string(seq) + "\nevent: image\ndata: " + image_json(image, urls) + "\n\n";
}

class EventStream : public BodySource {
public:
    EventStream(StreamPlan plan, LiveFeed& feed, ImageUrls urls, std::shared_ptr<void> slot)
        : plan_(std::move(plan)), feed_(feed), urls_(std::move(urls)), slot_(std::move(slot)) {
        ends_at_ = Steady::now() + plan_.max_age;
        if (plan_.is_final) shorten();
    }

    Task<Result<ByteView>> next() override {
        text_.clear();
        if (!plan_.first.empty()) {
            text_.swap(plan_.first);
            co_return as_bytes(text_);
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(ends_at_ - Steady::now());
        if (left.count() <= 0) co_return ByteView{};
        auto batch =
            co_await feed_.next(plan_.filter, plan_.position, std::min(left, plan_.heartbeat));
        // Whoever listens comes back with Last-Event-ID and misses nothing.
        if (!batch || batch->is_stopped) co_return ByteView{};
        plan_.position = batch->position;
        for (const auto& entry : batch->entries) {
            append_event(text_, entry->seq, entry->image, urls_);
            if (plan_.is_single && is_final(entry->image.state)) shorten();
        }
        if (batch->entries.empty()) text_ = ":hb\n\n";
        co_return as_bytes(text_);
    }

private:
    // Thumbnails may be registered shortly after the image: they still belong to the story.
    void shorten() { ends_at_ = std::min(ends_at_, Steady::now() + plan_.linger); }

    StreamPlan plan_;
    LiveFeed& feed_;
    ImageUrls urls_;
    std::shared_ptr<void> slot_;
    Steady::time_point ends_at_;
    std::string text_;
};

// Where the client left off: Last-Event-ID, or ?after= for clients that cannot set it. Empty:
// nowhere.
Result<std::optional<std::int64_t>> resume_point(const http::Request& request) {
    std::string text(request.fields.get("Last-Event-ID"));
    if (text.empty()) text = request.query_value("after").value_or("");
    if (text.empty()) return std::nullopt;
    std::int64_t seq = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, seq);
    if (error != std::errc{} || rest != end || seq < 0) {
        return fail(Errc::kInvalidArgument, "not an event id of this server", "Last-Event-ID");
    }
    return seq;
}

http::Response stream_response(std::unique_ptr<BodySource> body) {
    http::Response response(200);
    response.set("Content-Type", "text/event-stream");
    response.set("Cache-Control", "no-store");
    response.set("X-Accel-Buffering", "no");  // nginx in front would hold events back
    response.body = std::move(body);
    return response;
}

std::unexpected<Error> too_many_streams() {
    return fail(Errc::kOverloaded, "Too many event streams are open.", "event_streams");
}

}  // namespace

Task<Result<http::Response>> Api::image_events(ApiCall& call) {
    CO_TRY(const auto resume, resume_point(call.request));
    // The feed's end first, then the state: what changes between the two is sent twice, not lost.
    CO_TRY(const std::int64_t last, co_await ports_.feed.last_seq());
    CO_TRY(const Image image, co_await visible_image(call));
    auto slot = streams_.take(call.caller.id);
    if (!slot) co_return too_many_streams();

    StreamPlan plan;
    plan.filter.image_id = image.id;
    plan.is_single = true;
    plan.heartbeat = options_.heartbeat;
    plan.linger = options_.linger;
    plan.max_age = options_.max_stream_age;
    plan.position = last;
    plan.is_final = is_final(image.state);
    plan.first = "retry: 1000\n\n";
    const ImageUrls urls_here = urls(call.request);
    if (resume && *resume < last) {
        CO_TRY(
            const auto missed,
            co_await ports_.feed.next(plan.filter, *resume, std::chrono::milliseconds(0))
        );
        for (const auto& entry : missed.entries)
            append_event(plan.first, entry->seq, entry->image, urls_here);
        plan.position = missed.position;
        if (missed.entries.empty()) append_event(plan.first, last, image, urls_here);
    } else {
        append_event(plan.first, last, image, urls_here);
    }
    co_return stream_response(
        std::make_unique<EventStream>(std::move(plan), ports_.feed, urls_here, std::move(slot))
    );
}

Task<Result<http::Response>> Api::all_events(ApiCall& call) {
    if (!call.caller.may_read) co_return fail(Errc::kPermissionDenied, "This key may not read.");
    StreamPlan plan;
    CO_TRY(plan.filter.owner, owner_of_query(call));
    CO_TRY(const auto resume, resume_point(call.request));
    CO_TRY(const std::int64_t last, co_await ports_.feed.last_seq());
    auto slot = streams_.take(call.caller.id);
    if (!slot) co_return too_many_streams();
    // An id that is still to come was given out over other data: waiting for it would be for ever.
    plan.position = std::min(resume.value_or(last), last);
    plan.heartbeat = options_.heartbeat;
    plan.linger = options_.linger;
    plan.max_age = options_.max_stream_age;
    plan.first = "retry: 1000\n\n";
    co_return stream_response(std::make_unique<EventStream>(
        std::move(plan), ports_.feed, urls(call.request), std::move(slot)
    ));
}

}  // namespace pixgate::roles
