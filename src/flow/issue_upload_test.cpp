#include "flow/issue_upload.h"

#include <gtest/gtest.h>

#include "tests/support/flow_world.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::FlowWorld;

Result<UploadPermission> ask(
    FlowWorld& world, const UploadRequest& request, IssueUpload::Idempotency idempotency = {}
) {
    return run_task(world.issue_upload.run(FlowWorld::client(), request, std::move(idempotency)));
}

TEST(IssueUpload, RecordsThePendingImageBeforeItGivesUrls) {
    FlowWorld world;
    auto request = FlowWorld::jpeg();
    request.filename = "../\xe2\x80\xaeholiday.jpg";
    request.thumbnails = {{"small", "image/webp", 300}};
    const auto permission = ask(world, request);
    ASSERT_TRUE(permission) << permission.error().message;
    const auto image = world.image(permission->image_id);
    EXPECT_EQ(image.state, ImageState::kPending);
    EXPECT_EQ(image.owner, "ann");
    EXPECT_EQ(image.filename, "..holiday.jpg");
    EXPECT_EQ(image.declared_bytes, 1'000U);
    EXPECT_EQ(image.expires_at, world.clock.now() + 5min);
    EXPECT_EQ(
        permission->original.url, "http://store/pixgate-originals/" + image.id.value +
                                      "/original?lifetime_s=300&size_bytes=1000"
    );
    ASSERT_EQ(permission->thumbnails.size(), 1U);
    EXPECT_EQ(permission->thumbnails[0].first, "small");
    EXPECT_NE(permission->thumbnails[0].second.url.find("/thumbnails/small?"), std::string::npos);
}

TEST(IssueUpload, WhereThePolicyTakesNoThumbnailsThePermissionHasNone) {
    FlowWorld world;
    auto request = FlowWorld::jpeg();
    request.thumbnails = {{"small", "image/webp", 300}};
    const auto expect_none = [&](const char* why) {
        const auto permission = ask(world, request, {.key = why, .request_hash = "same"});
        ASSERT_TRUE(permission) << permission.error().message;
        EXPECT_TRUE(permission->thumbnails.empty()) << why;
        EXPECT_FALSE(permission->original.url.empty());
    };
    world.policies["default"].thumbnails = Thumbnails::kFunction;
    expect_none("the function makes all");
    world.policies["default"].allowed_types = {"image/jpeg"};
    expect_none("of a type it would not take");
    world.policies["default"].thumbnails = Thumbnails::kBrowser;
    world.policies["default"].max_thumbnails = 0;
    expect_none("none are allowed");
    request.thumbnails[0].name = "../x";
    EXPECT_EQ(ask(world, request).error().code, Errc::kInvalidArgument) << "malformed";
}

TEST(IssueUpload, NoPolicyMakesAUrlLiveLongerThanFifteenMinutes) {
    FlowWorld world;
    world.policies["default"].lifetime = 24h;
    const auto permission = ask(world, FlowWorld::jpeg());
    ASSERT_TRUE(permission);
    EXPECT_EQ(permission->expires_at, world.clock.now() + 15min);
    EXPECT_NE(permission->original.url.find("lifetime_s=900&"), std::string::npos);
}

TEST(IssueUpload, RefusesWhoMayNotAndWhatTheRulesDoNotAllow) {
    FlowWorld world;
    Caller caller = FlowWorld::client();
    caller.may_upload = false;
    const auto forbidden = run_task(world.issue_upload.run(caller, FlowWorld::jpeg(), {}));
    ASSERT_FALSE(forbidden);
    EXPECT_EQ(forbidden.error().code, Errc::kPermissionDenied);

    const auto other = ask(world, FlowWorld::jpeg("bob"));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Errc::kPermissionDenied);

    auto request = FlowWorld::jpeg();
    request.policy = "none";
    EXPECT_EQ(ask(world, request).error().code, Errc::kNotFound);
    request = FlowWorld::jpeg();
    request.content_type = "image/svg+xml";
    EXPECT_EQ(ask(world, request).error().code, Errc::kUnsupportedMedia);
    request = FlowWorld::jpeg("ann", 26ULL << 20);
    EXPECT_EQ(ask(world, request).error().code, Errc::kTooLarge);
    const auto page = run_task(world.adapters.catalog->list({}));
    EXPECT_TRUE(page && page->images.empty());
}

TEST(IssueUpload, AnAdminKeyUploadsForTheOwnerItNames) {
    FlowWorld world;
    Caller caller = FlowWorld::client("backend");
    caller.role = Role::kServer;
    const auto permission = run_task(world.issue_upload.run(caller, FlowWorld::jpeg("bob"), {}));
    ASSERT_TRUE(permission);
    EXPECT_EQ(world.image(permission->image_id).owner, "bob");
}

TEST(IssueUpload, AUsedIdempotencyKeyGivesTheSameImageForTheTimeThatIsLeft) {
    FlowWorld world;
    const auto first = ask(world, FlowWorld::jpeg(), {"key-1", "hash-a"});
    ASSERT_TRUE(first);
    world.clock.advance(100s);
    const auto again = ask(world, FlowWorld::jpeg(), {"key-1", "hash-a"});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->image_id, first->image_id);
    EXPECT_EQ(again->expires_at, first->expires_at);
    EXPECT_NE(again->original.url.find("lifetime_s=200&"), std::string::npos);

    const auto reused = ask(world, FlowWorld::jpeg(), {"key-1", "hash-b"});
    ASSERT_FALSE(reused);
    EXPECT_EQ(reused.error().reason, "idempotency_key_reused");

    world.clock.advance(200s);
    const auto late = ask(world, FlowWorld::jpeg(), {"key-1", "hash-a"});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().reason, "upload_expired");
}

TEST(IssueUpload, OpenPermissionsOfOneCallerAreBounded) {
    FlowWorld world;
    world.issue_upload.max_open_per_caller = 2;
    ASSERT_TRUE(ask(world, FlowWorld::jpeg()));
    ASSERT_TRUE(ask(world, FlowWorld::jpeg()));
    const auto third = ask(world, FlowWorld::jpeg());
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, Errc::kOverloaded);
    EXPECT_EQ(third.error().reason, "open_uploads");
}

}  // namespace
}  // namespace pixgate
