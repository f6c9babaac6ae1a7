#include "tests/support/flow_world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "aws/s3_event_json.h"
#include "core/bucket.h"
#include "flow/register_image.h"

namespace pixgate::test {

namespace {

constexpr TimePoint kStart{std::chrono::milliseconds{1'768'469'400'000}};  // 2026-01-15T09:30Z

Verified picture(std::uint32_t width_px, std::uint32_t height_px) {
    Verified out;
    out.facts.format = imaging::Format::kJpeg;
    out.facts.width_px = width_px;
    out.facts.height_px = height_px;
    return out;
}

}  // namespace

Result<PresignedRequest> ReadableSigner::sign_put(
    const PutTarget& target, std::chrono::seconds lifetime
) {
    PresignedRequest out;
    out.method = "PUT";
    out.url = fmt::format(
        "http://store/{}/{}?lifetime_s={}&size_bytes={}", target.bucket, target.key,
        lifetime.count(), target.size_bytes
    );
    out.headers = {{"content-type", target.content_type}};
    if (target.checksum_sha256) {
        out.headers.emplace_back("x-amz-checksum-sha256", *target.checksum_sha256);
    }
    return out;
}

Result<PresignedRequest> ReadableSigner::sign_get(
    std::string bucket, std::string key, std::chrono::seconds
) {
    PresignedRequest out;
    out.method = "GET";
    out.url = object_url(bucket, key);
    return out;
}

std::string ReadableSigner::object_url(std::string_view bucket, std::string_view key) const {
    return fmt::format("http://store/{}/{}", bucket, key);
}

Result<Verified> BodyVerifier::operator()(
    int fd, std::uint64_t size_bytes, const VerifyJob& /*job*/
) {
    ++calls_;
    std::string body(size_bytes, '\0');
    if (::pread(fd, body.data(), body.size(), 0) != static_cast<ssize_t>(body.size())) {
        return fail(Errc::kInternal, "the body has another size");
    }
    if (is_healed_ || body.starts_with("picture")) return picture(640, 480);
    if (body.starts_with("broken")) {
        return Verified{.refusal = imaging::Refusal::kBroken, .facts = {}};
    }
    if (body.starts_with("nobody")) return fail(Errc::kUnavailable, "no child can be had");
    if (body.starts_with("bug")) return fail(Errc::kInternal, "an invariant is broken");
    if (body.starts_with("hang")) return fail(Errc::kDeadlineExceeded, "no answer");
    if (body.starts_with("violation")) {
        return fail(Errc::kCrashed, "signal 31", "policy_violation");
    }
    if (body.starts_with("crash once") && crashes_ > 0) return picture(640, 480);
    ++crashes_;
    return fail(Errc::kCrashed, "signal 11");
}

Result<imaging::PrepareAnswer> BodyPreparer::operator()(
    int fd,
    std::uint64_t size_bytes,
    const VerifyJob& job,
    const std::vector<WantedProduct>& products
) {
    TRY(const auto verified, verifier_(fd, size_bytes, job));
    imaging::PrepareAnswer out;
    out.refusal = verified.refusal;
    out.facts = verified.facts;
    if (out.refusal != imaging::Refusal::kNone) return out;
    std::string body(size_bytes, '\0');
    ::pread(fd, body.data(), body.size(), 0);
    out.placeholders.dominant = {0x10, 0x20, 0x30};
    out.placeholders.thumbhash_bytes = 3;
    out.placeholders.thumbhash = {1, 2, 3};
    std::ranges::copy(std::string_view("LEHV6n"), out.placeholders.blurhash.begin());
    for (std::uint32_t i = 0; i < products.size(); ++i) {
        const auto& spec = products[i].spec;
        const auto side_px = std::min(640U, std::max(spec.transform.width_px, 1U));
        const auto name = products[i].preset.empty() ? std::to_string(side_px) : products[i].preset;
        if (body == "picture without thumb" && name == "thumb") continue;
        const bool is_left_out =
            spec.transform.width_px == 4'096 || spec.transform.width_px == 1'024;
        if (products[i].preset.empty() && is_left_out) continue;
        imaging::Product product;
        product.index = i;
        product.facts.format = imaging::format_of(spec.transform.format);
        product.facts.width_px = side_px;
        product.facts.height_px = side_px * 3 / 4;
        product.bytes = name + " of " + body.substr(0, body.find(' '));
        out.products.push_back(std::move(product));
    }
    return out;
}

Result<imaging::StripAnswer> strip_place(
    int fd, std::uint64_t size_bytes, const imaging::Limits& /*limits*/
) {
    constexpr std::string_view kPlace = " at home";
    std::string body(size_bytes, '\0');
    ::pread(fd, body.data(), body.size(), 0);
    if (body.starts_with("hang there")) return fail(Errc::kDeadlineExceeded, "no answer");
    const auto at = body.find(kPlace);
    if (at == body.npos) return imaging::StripAnswer{};
    body.replace(at, kPlace.size(), std::string(kPlace.size(), ' '));
    imaging::StripAnswer out{UniqueFd(::memfd_create("stripped", MFD_CLOEXEC)), body.size()};
    EXPECT_EQ(::write(out.file.get(), body.data(), body.size()), std::ssize(body));
    return out;
}

std::string event_json(const StorageEvent& event) {
    return aws::write_s3_event(event, aws::EventOrigin{});
}

std::vector<StorageEvent> records_of(const std::string& json) {
    auto records = aws::parse_s3_event(json);
    EXPECT_TRUE(records) << json;
    return records.value_or(std::vector<StorageEvent>{});
}

FlowWorld::FlowWorld(memory::Config config)
    : clock(kStart),
      ids(clock),
      adapters(memory::make_adapters(config, clock)),
      policies{{"default", Policy{}}},
      issue_upload{*adapters.catalog, signer, ids, clock, policies},
      on_stored{
          *adapters.store,
          *adapters.queue,
          *adapters.catalog,
          *adapters.alerts,
          std::ref(verifier),
          preparer,
          strip_place,
          pool,
          signer,
          policies,
          poison,
          clock
      },
      delete_image{*adapters.catalog, *adapters.store, clock, {}} {
    EXPECT_TRUE(run_task(adapters.buckets->create(std::string(kOriginalsBucket), true)));
    EXPECT_TRUE(run_task(adapters.buckets->create(std::string(kVariantsBucket), false)));
}

Caller FlowWorld::client(std::string owner) {
    Caller caller;
    caller.id = "key-" + owner;
    caller.owner = std::move(owner);
    return caller;
}

UploadRequest FlowWorld::jpeg(std::string owner, std::uint64_t size_bytes) {
    UploadRequest request;
    request.filename = "holiday.jpg";
    request.content_type = "image/jpeg";
    request.size_bytes = size_bytes;
    request.owner = std::move(owner);
    return request;
}

ImageId FlowWorld::permit(const UploadRequest& request) {
    auto permission = run_task(issue_upload.run(client(request.owner), request, {}));
    EXPECT_TRUE(permission) << permission.error().message;
    return permission ? permission->image_id : ImageId{};
}

ObjectInfo FlowWorld::put(const ImageId& id, std::string body, std::string_view thumbnail) {
    const auto source = make_text_body(std::move(body));
    PutOptions options;
    options.content_type = "image/jpeg";
    const auto key = thumbnail.empty() ? original_key(id) : thumbnail_key(id, thumbnail);
    auto stored =
        run_task(adapters.store->put(std::string(kOriginalsBucket), key, *source, options));
    EXPECT_TRUE(stored) << stored.error().message;
    return stored.value_or(ObjectInfo{});
}

ImageId FlowWorld::ready() {
    const auto id = permit();
    put(id, "picture");
    EXPECT_TRUE(run_task(on_stored.run(event_of(id))));
    RegisterImage step{*adapters.catalog, *adapters.preset_queue, clock};
    EXPECT_EQ(run_task(step.run(take_message())).value(), Applied::kDone);
    return id;
}

StorageEvent FlowWorld::event_of(const ImageId& id, std::string_view thumbnail) {
    const auto key = thumbnail.empty() ? original_key(id) : thumbnail_key(id, thumbnail);
    auto info = run_task(adapters.store->head(std::string(kOriginalsBucket), key));
    EXPECT_TRUE(info);
    StorageEvent event;
    event.name = "ObjectCreated:Put";
    event.at = clock.now();
    event.bucket = kOriginalsBucket;
    event.key = key;
    if (info) {
        event.size_bytes = info->size_bytes;
        event.etag = info->etag;
        event.sequencer = info->sequencer;
    }
    return event;
}

Image FlowWorld::image(const ImageId& id) {
    auto found = run_task(adapters.catalog->find(id));
    EXPECT_TRUE(found) << id.value;
    return found.value_or(Image{});
}

RegisterMessage FlowWorld::take_message() {
    using namespace std::chrono_literals;
    auto got = run_task(adapters.queue->receive(1, 0ms, 60s));
    if (!got || got->empty()) {
        ADD_FAILURE() << "no message on the queue";
        return {};
    }
    auto message = parse_register_message(got->front().body);
    EXPECT_TRUE(message);
    EXPECT_TRUE(run_task(adapters.queue->ack(got->front().receipt)));
    return message.value_or(RegisterMessage{});
}

std::size_t FlowWorld::queued() {
    return run_task(adapters.queue->backlog()).value_or(Backlog{}).count;
}

std::size_t FlowWorld::stored_objects(std::string_view bucket) {
    ListOptions options;
    auto page = run_task(adapters.store->list(std::string(bucket), options));
    return page ? page->objects.size() : 0;
}

}  // namespace pixgate::test
