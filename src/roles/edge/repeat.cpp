#include "roles/edge/repeat.h"

namespace pixgate::edge {

namespace {
// Longest time until a change of the image shows that this process was not told of: on top of the 2
// s for which DeliverImage knows the image.
constexpr std::chrono::milliseconds kLifetime{1'000};
}  // namespace

void allow_repeat(
    http::Response& response,
    const DeliveredVariant& variant,
    http::SharedBody head,
    const http::Response& unchanged,
    DeliverImage& deliver,
    std::uint64_t seen,
    bool by_accept
) {
    auto repeat = std::make_unique<http::Repeat>();
    repeat->until = std::chrono::steady_clock::now() + kLifetime;
    repeat->head = std::move(head);
    repeat->head_unchanged = http::prebuild_head(unchanged);
    repeat->body = variant.body;
    repeat->etag = variant.etag;
    if (by_accept) repeat->by_fields = {"Accept"};
    repeat->epoch = deliver.forgotten();
    repeat->epoch_seen = seen;
    repeat->counter = &deliver.hits();
    response.repeat = std::move(repeat);
}

}  // namespace pixgate::edge
