#include "flow/on_stored.h"

#include <gtest/gtest.h>

#include "core/bucket.h"
#include "flow/register_image.h"
#include "tests/support/flow_world.h"

namespace pixgate {
namespace {

using test::FlowWorld;

Result<void> handle(FlowWorld& world, const StorageEvent& event) {
    return run_task(world.on_stored.run(event));
}

std::vector<Alert> alerts_of(FlowWorld& world) {
    return run_task(world.adapters.alerts->pending(100)).value_or(std::vector<Alert>{});
}

TEST(OnStored, AGoodPictureIsSentToTheQueueWithUrlAndFacts) {
    FlowWorld world;
    const auto id = world.permit();
    const auto info = world.put(id, "picture");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    const auto message = world.take_message();
    EXPECT_EQ(message.image_id, id);
    EXPECT_EQ(message.verdict, ImageState::kReady);
    EXPECT_EQ(message.url, "http://store/pixgate-originals/" + id.value + "/original");
    EXPECT_EQ(message.content_type, "image/jpeg");
    EXPECT_EQ(message.width_px, 640U);
    EXPECT_EQ(message.height_px, 480U);
    EXPECT_EQ(message.size_bytes, 7U);
    EXPECT_EQ(message.event.etag, info.etag);
    EXPECT_EQ(message.event.sequencer, info.sequencer);
}

Result<std::string> variant_body(FlowWorld& world, const std::string& key) {
    TRY(const auto reader, run_task(world.adapters.store->get(std::string(kVariantsBucket), key)));
    const auto body = reader->body(0, reader->info().size_bytes);
    EXPECT_EQ(reader->info().headers.at("cache-control"), "public, max-age=31536000, immutable");
    return run_task(read_all(*body, 1'000));
}

TEST(OnStored, PresetsAndRenditionsAreStoredBeforeTheMessageNamesThem) {
    FlowWorld world;
    world.policies["default"].presets = {"thumb", "w320", "w2048"};
    const auto id = world.permit();
    const auto info = world.put(id, "picture");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    const auto message = world.take_message();
    EXPECT_EQ(message.dominant_colour, "#102030");
    EXPECT_EQ(message.thumbhash, "AQID");
    EXPECT_EQ(message.blurhash, "LEHV6n");
    std::vector<std::string> names;
    for (const auto& variant : message.variants) {
        const auto body = variant_body(world, variant.key);
        ASSERT_TRUE(body) << variant.key;
        EXPECT_EQ(*body, variant.name + " of picture");
        EXPECT_EQ(variant.size_bytes, body->size());
        EXPECT_EQ(variant.bucket, kVariantsBucket);
        EXPECT_EQ(variant.etag.size(), 32U);
        names.push_back(variant.name);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"640", "504", "thumb", "w320", "w2048"}));
    const std::string folder = id.value + "/" + info.etag + "/";
    EXPECT_EQ(message.variants[0].key, folder + "rendition-640");
    EXPECT_EQ(message.variants[0].content_type, "image/jpeg");
    EXPECT_EQ(message.variants[3].key, folder + "w=320,f=webp");
    EXPECT_EQ(message.variants[3].content_type, "image/webp");
    EXPECT_EQ(message.variants[3].kind, VariantKind::kPreset);
    EXPECT_EQ(world.verifier.calls(), 1U);
}

TEST(OnStored, AgainWritesTheSameNames) {
    FlowWorld world;
    const auto id = world.permit();
    world.put(id, "picture");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    const auto before = world.stored_objects(kVariantsBucket);
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.stored_objects(kVariantsBucket), before);
    EXPECT_EQ(before, 10U);
    EXPECT_EQ(world.take_message().variants, world.take_message().variants);
}

TEST(OnStored, WithoutOneOfItsPresetsNothingBecomesReady) {
    FlowWorld world;
    const auto id = world.permit();
    world.put(id, "picture without thumb");
    EXPECT_EQ(handle(world, world.event_of(id)).error().code, Errc::kInternal);
    EXPECT_EQ(world.queued(), 0U);
}

// A store that refuses some writes.
class FullStore : public ObjectStore {
public:
    FullStore(ObjectStore& inner, std::string what) : inner_(inner), what_(std::move(what)) {}
    Task<Result<ObjectInfo>> put(
        std::string bucket, std::string key, BodySource& body, PutOptions options
    ) override {
        if (key.ends_with(what_)) co_return fail(Errc::kNoSpace, "full");
        co_return co_await inner_.put(std::move(bucket), std::move(key), body, std::move(options));
    }
    Task<Result<std::unique_ptr<ObjectReader>>> get(std::string bucket, std::string key) override {
        return inner_.get(std::move(bucket), std::move(key));
    }
    Task<Result<ObjectInfo>> head(std::string bucket, std::string key) override {
        return inner_.head(std::move(bucket), std::move(key));
    }
    Task<Result<void>> remove(
        std::string bucket, std::string key, std::optional<std::string> if_match
    ) override {
        return inner_.remove(std::move(bucket), std::move(key), std::move(if_match));
    }
    Task<Result<ObjectPage>> list(std::string bucket, ListOptions options) override {
        return inner_.list(std::move(bucket), std::move(options));
    }

private:
    ObjectStore& inner_;
    std::string what_;
};

TEST(OnStored, AProductThatCannotBeStoredSendsNoMessage) {
    FlowWorld world;
    FullStore store(*world.adapters.store, "w=640,f=webp");
    OnStored on_stored{
        store,
        *world.adapters.queue,
        *world.adapters.catalog,
        *world.adapters.alerts,
        std::ref(world.verifier),
        world.preparer,
        test::strip_place,
        world.pool,
        world.signer,
        world.policies,
        world.poison,
        world.clock
    };
    const auto id = world.permit();
    world.put(id, "picture");
    EXPECT_EQ(run_task(on_stored.run(world.event_of(id))).error().code, Errc::kNoSpace);
    EXPECT_EQ(world.queued(), 0U);
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.take_message().variants.size(), 10U);
}

TEST(OnStored, AtDownloadOnlyRenditionsAreMadeAndWithoutDecodingNothing) {
    FlowWorld world;
    world.policies["default"].thumbnails = Thumbnails::kDownload;
    const auto id = world.permit();
    world.put(id, "picture");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.take_message().variants.size(), 2U);
    world.policies["default"].verify = Verify::kHeader;
    const auto other = world.permit();
    world.put(other, "picture");
    ASSERT_TRUE(handle(world, world.event_of(other)));
    const auto message = world.take_message();
    EXPECT_TRUE(message.variants.empty());
    EXPECT_EQ(message.thumbhash, "");
}

TEST(OnStored, EachFormatOfAPresetIsAnObject) {
    FlowWorld world;
    auto& policy = world.policies["default"];
    policy.presets = {"w640"};
    policy.preset_formats = {"webp", "jpeg"};
    policy.visibility = Visibility::kPrivate;
    const auto id = world.permit();
    const auto info = world.put(id, "picture");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    const auto message = world.take_message();
    ASSERT_EQ(message.variants.size(), 4U);
    EXPECT_EQ(message.variants[3].key, variant_key(id, info.etag, "w=640,f=jpeg"));
    const auto head =
        run_task(world.adapters.store->head(std::string(kVariantsBucket), message.variants[3].key));
    EXPECT_EQ(head->headers.at("cache-control"), "private, max-age=31536000, immutable");
}

TEST(OnStored, ARefusedPictureIsRejectedWithTheReason) {
    FlowWorld world;
    const auto id = world.permit();
    world.put(id, "broken");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    const auto message = world.take_message();
    EXPECT_EQ(message.verdict, ImageState::kRejected);
    EXPECT_EQ(message.reason, "broken");
    EXPECT_EQ(message.content_type, "");
}

TEST(OnStored, AnEmptyOrTooLargeObjectIsRejectedWithoutOpeningIt) {
    FlowWorld world;
    world.policies["default"].max_thumbnail_bytes = 10;
    const auto id = world.permit();
    world.put(id, "");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.take_message().verdict, ImageState::kRejected);
    world.put(id, "picture of eleven bytes and more", "small");
    ASSERT_TRUE(handle(world, world.event_of(id, "small")));
    const auto message = world.take_message();
    EXPECT_EQ(message.thumbnail, "small");
    EXPECT_EQ(message.reason, imaging::code_of(imaging::Refusal::kTooManyBytes));
    EXPECT_EQ(world.verifier.calls(), 0U);
}

TEST(OnStored, ThumbnailsAreHeldToSmallerLimits) {
    FlowWorld world;
    std::vector<VerifyJob> jobs;
    world.on_stored.verify = [&jobs](int, std::uint64_t, const VerifyJob& job) -> Result<Verified> {
        jobs.push_back(job);
        return Verified{};
    };
    world.policies["default"].verify = Verify::kHeader;
    const auto id = world.permit();
    world.put(id, "picture");
    world.put(id, "picture", "small");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    ASSERT_TRUE(handle(world, world.event_of(id, "small")));
    ASSERT_EQ(jobs.size(), 2U);
    EXPECT_EQ(jobs[0].limits.max_side_px, 16'384U);
    EXPECT_EQ(jobs[0].limits.max_bytes, 25ULL << 20);
    EXPECT_EQ(jobs[0].mode, Verify::kHeader);
    EXPECT_EQ(jobs[1].limits.max_side_px, 4'096U);
    EXPECT_EQ(jobs[1].limits.max_bytes, 1ULL << 20);
    EXPECT_EQ(jobs[1].declared_type, "image/jpeg");
}

TEST(OnStored, AChildThatCrashesOnceIsForgiven) {
    FlowWorld world;
    const auto id = world.permit();
    world.put(id, "crash once");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.take_message().verdict, ImageState::kReady);
    EXPECT_EQ(world.verifier.calls(), 2U);
    EXPECT_TRUE(alerts_of(world).empty());
}

TEST(OnStored, TwoCrashesQuarantineAndTheSameBytesAreNotOpenedAgain) {
    FlowWorld world;
    for (int i = 0; i < 20; ++i) {
        const auto id = world.permit();
        world.put(id, "crash");
        ASSERT_TRUE(handle(world, world.event_of(id)));
        const auto message = world.take_message();
        EXPECT_EQ(message.verdict, ImageState::kQuarantined);
        EXPECT_EQ(message.reason, "decoder_crashed");
    }
    EXPECT_EQ(world.verifier.calls(), 2U);
    const auto alerts = alerts_of(world);
    ASSERT_EQ(alerts.size(), 1U);
    EXPECT_EQ(alerts[0].kind, "image_quarantined");
}

TEST(OnStored, AHangQuarantinesAndAForbiddenCallIsAnAlertOfItsOwn) {
    FlowWorld world;
    const auto slow = world.permit();
    world.put(slow, "hang");
    ASSERT_TRUE(handle(world, world.event_of(slow)));
    EXPECT_EQ(world.take_message().reason, "decoder_too_slow");
    const auto evil = world.permit();
    world.put(evil, "violation");
    ASSERT_TRUE(handle(world, world.event_of(evil)));
    EXPECT_EQ(world.take_message().verdict, ImageState::kQuarantined);
    const auto alerts = alerts_of(world);
    ASSERT_EQ(alerts.size(), 2U);
    EXPECT_EQ(alerts[1].kind, "sandbox_violation");
    EXPECT_EQ(alerts[1].image_id, evil.value);
}

TEST(OnStored, AVerifierThatIsAwayIsAnErrorAndNoVerdict) {
    FlowWorld world;
    const auto id = world.permit();
    world.put(id, "nobody");
    const auto result = handle(world, world.event_of(id));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kUnavailable);
    EXPECT_EQ(world.queued(), 0U);
}

TEST(OnStored, WhatIsNotOursOrNotThereAnyMoreIsNothingToDo) {
    FlowWorld world;
    const auto id = world.permit();
    world.put(id, "picture");
    auto event = world.event_of(id);
    auto other = event;
    other.bucket = "else";
    EXPECT_TRUE(handle(world, other));
    other = event;
    other.key = "some/where.jpg";
    EXPECT_TRUE(handle(world, other));
    other = event;
    other.name = "ObjectRemoved:Delete";
    EXPECT_TRUE(handle(world, other));
    other = event;
    other.etag = "0123456789abcdef0123456789abcdef";
    EXPECT_TRUE(handle(world, other));
    ASSERT_TRUE(run_task(world.adapters.store->remove(event.bucket, event.key, std::nullopt)));
    EXPECT_TRUE(handle(world, event));
    EXPECT_EQ(world.queued(), 0U);
    EXPECT_EQ(world.verifier.calls(), 0U);
}

TEST(OnStored, AnObjectOfADeletedImageIsRemovedAndOneOfAnUnknownImageStays) {
    FlowWorld world;
    const auto id = world.permit();
    ASSERT_TRUE(run_task(world.delete_image.run(FlowWorld::client(), id)));
    world.put(id, "picture");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.stored_objects(kOriginalsBucket), 0U);

    const ImageId unknown{world.ids.uuid_v7()};
    world.put(unknown, "picture");
    ASSERT_TRUE(handle(world, world.event_of(unknown)));
    EXPECT_EQ(world.stored_objects(kOriginalsBucket), 1U);
    EXPECT_EQ(world.queued(), 0U);
}

TEST(OnStored, ADuplicateOfWhatIsRegisteredCostsNoDecoding) {
    FlowWorld world;
    const auto id = world.permit();
    world.put(id, "picture");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    RegisterImage register_image{
        *world.adapters.catalog, *world.adapters.preset_queue, world.clock
    };
    ASSERT_TRUE(run_task(register_image.run(world.take_message())));
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.verifier.calls(), 1U);
    EXPECT_EQ(world.queued(), 0U);
}

std::string original_of(FlowWorld& world, const ImageId& id) {
    const auto reader =
        run_task(world.adapters.store->get(std::string(kOriginalsBucket), original_key(id)));
    if (!reader) return "absent";
    const auto body = (*reader)->body(0, (*reader)->info().size_bytes);
    return run_task(read_all(*body, 1'000)).value_or("unreadable");
}

TEST(OnStored, ThePlaceIsTakenOutOfTheOriginalBeforeItIsLookedAt) {
    FlowWorld world;
    world.policies["default"].strip_location = true;
    const auto id = world.permit();
    world.put(id, "picture at home");
    const auto first = world.event_of(id);
    ASSERT_TRUE(handle(world, first));
    EXPECT_EQ(original_of(world, id), "picture        ");
    EXPECT_EQ(world.queued(), 0U);
    EXPECT_EQ(world.verifier.calls(), 0U);
    ASSERT_TRUE(handle(world, world.event_of(id)));
    ASSERT_TRUE(handle(world, first));  // late, and of a version that is gone
    const auto message = world.take_message();
    EXPECT_EQ(message.verdict, ImageState::kReady);
    EXPECT_EQ(message.event.etag, world.event_of(id).etag);
    EXPECT_EQ(world.queued(), 0U);
}

TEST(OnStored, ThePlaceStaysWherePolicySaysNothingAndAPictureWithoutIsLeftAlone) {
    FlowWorld world;
    const auto id = world.permit();
    world.put(id, "picture at home");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(original_of(world, id), "picture at home");
    EXPECT_EQ(world.take_message().verdict, ImageState::kReady);
    world.policies["default"].strip_location = true;
    const auto other = world.permit();
    const auto info = world.put(other, "picture");
    ASSERT_TRUE(handle(world, world.event_of(other)));
    EXPECT_EQ(world.take_message().event.sequencer, info.sequencer);
}

TEST(OnStored, APictureThatHangsWhereItsPlaceIsTakenOutIsQuarantined) {
    FlowWorld world;
    world.policies["default"].strip_location = true;
    int tries = 0;
    world.on_stored.strip = [&tries](int fd, std::uint64_t size, const imaging::Limits& limits) {
        ++tries;
        return test::strip_place(fd, size, limits);
    };
    const auto id = world.permit();
    world.put(id, "hang there");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    const auto message = world.take_message();
    EXPECT_EQ(message.verdict, ImageState::kQuarantined);
    EXPECT_EQ(message.reason, "decoder_too_slow");
    EXPECT_EQ(tries, 2);
    EXPECT_EQ(alerts_of(world).size(), 1U);
    EXPECT_EQ(world.verifier.calls(), 0U);
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(tries, 2) << "the content is known";
}

TEST(OnStored, ThePlaceIsTakenOutOnceWhateverTheChildSays) {
    FlowWorld world;
    world.policies["default"].strip_location = true;
    const auto id = world.permit();
    world.put(id, "picture at home at home");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.queued(), 0U);
    const auto stored =
        run_task(world.adapters.store->head(std::string(kOriginalsBucket), original_key(id)));
    EXPECT_EQ(stored->metadata.at("pixgate-place"), "removed");
    // The child would have found another one.
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.take_message().verdict, ImageState::kReady);
    EXPECT_EQ(original_of(world, id), "picture         at home");
}

TEST(OnStored, OutOfMemoryIsAReasonOfItsOwn) {
    FlowWorld world;
    world.on_stored.prepare =
        [](int, std::uint64_t, const VerifyJob&,
           const std::vector<WantedProduct>&) -> Result<imaging::PrepareAnswer> {
        return fail(Errc::kCrashed, "the child ran out of memory", "out_of_memory");
    };
    const auto id = world.permit();
    world.put(id, "picture");
    ASSERT_TRUE(handle(world, world.event_of(id)));
    EXPECT_EQ(world.take_message().reason, "decoder_out_of_memory");
}

TEST(OnStored, SendersThumbnailsLoseTheirPlaceToo) {
    FlowWorld world;
    world.policies["default"].strip_location = true;
    const auto id = world.permit();
    const auto before = world.put(id, "picture at home", "small");
    ASSERT_TRUE(handle(world, world.event_of(id, "small")));
    EXPECT_NE(world.event_of(id, "small").etag, before.etag);
    EXPECT_EQ(world.queued(), 0U);
}

TEST(PoisonList, IsBoundedAndForgetsTheOldest) {
    PoisonList list(2);
    ObjectInfo object;
    for (const char* hash : {"a", "b", "c"}) {
        object.sha256 = hash;
        list.remember(object, "decoder_crashed");
    }
    object.sha256 = "a";
    EXPECT_FALSE(list.find(object));
    object.sha256 = "c";
    EXPECT_EQ(list.find(object), "decoder_crashed");
}

}  // namespace
}  // namespace pixgate
