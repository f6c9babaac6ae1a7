#include "imaging/sandbox/answers.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "imaging/probe.h"
#include "imaging/sniff.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

OutputFile file_with(const std::string& bytes, std::uint64_t room) {
    auto file = OutputFile::make(room);
    EXPECT_TRUE(file.has_value());
    EXPECT_EQ(::pwrite(file->fd(), bytes.data(), bytes.size(), 0), std::ssize(bytes));
    return *std::move(file);
}

ParsedReply reply_of(const std::string& picture) {
    ParsedReply reply;
    reply.facts.format = Format::kPng;
    reply.facts.width_px = 40;
    reply.facts.height_px = 30;
    reply.output_bytes = picture.size();
    return reply;
}

TransformRequest png() {
    TransformRequest request;
    request.transform.format = OutputFormat::kPng;
    return request;
}

TEST(OutputFile, CannotChangeItsSize) {
    const auto file = OutputFile::make(10'000);
    ASSERT_TRUE(file.has_value());
    EXPECT_NE(::ftruncate(file->fd(), 0), 0);
    EXPECT_NE(::ftruncate(file->fd(), 20'000), 0);
}

TEST(OutputFile, IsEmptyAfterItWasWiped) {
    const auto file = file_with(std::string(9'999, 'x'), 10'000);
    ASSERT_TRUE(file.wipe().has_value());
    const auto read = file.read(0, 10'000);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, std::string(10'000, '\0'));
    EXPECT_FALSE(file.read(1, 10'000).has_value()) << "beyond the end";
}

TEST(Answers, TakeThePictureThatWasAskedFor) {
    const auto picture = test::make_picture(Format::kPng, 40, 30);
    const auto file = file_with(picture, 100'000);
    const auto answer = take_transform(reply_of(picture), file, png());
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->bytes, picture);
}

// Lies about the picture itself.
TEST(Answers, F92_RefuseAPictureThatIsNotWhatTheReplySays) {
    const auto picture = test::make_picture(Format::kPng, 40, 30);
    const auto is_refused = [&](auto change, const std::string& bytes) {
        ParsedReply reply = reply_of(bytes);
        change(reply);
        const auto answer = take_transform(reply, file_with(bytes, 100'000), png());
        return !answer && answer.error().reason == "bad_reply";
    };
    EXPECT_TRUE(is_refused([](auto& r) { r.facts.width_px = 41; }, picture));
    EXPECT_TRUE(is_refused([](auto& r) { r.facts.format = Format::kJpeg; }, picture));
    EXPECT_TRUE(is_refused([](auto& r) { r.facts.frames = 2; }, picture));
    EXPECT_TRUE(is_refused([](auto& r) { r.output_bytes = 20; }, picture)) << "cut off";
    EXPECT_TRUE(is_refused([](auto&) {}, test::make_picture(Format::kJpeg, 40, 30)));
    EXPECT_TRUE(is_refused([](auto&) {}, std::string(200, 'x')));
    EXPECT_TRUE(is_refused([](auto&) {}, "<html><script>alert(1)</script>"));
}

TEST(Answers, F92_RefuseProductsThatWereNotAskedFor) {
    const auto picture = test::make_picture(Format::kPng, 40, 30);
    PrepareRequest request;
    request.product_count = 2;
    request.products[0].transform.format = OutputFormat::kWebp;
    request.products[1].is_rendition = true;
    ParsedReply reply;
    reply.output_bytes = picture.size();
    reply.products.push_back({0, reply_of(picture).facts, 0, picture.size()});
    const auto file = file_with(picture, 100'000);
    EXPECT_FALSE(take_prepare(reply, file, request).has_value()) << "a PNG for a WebP";
    reply.products[0].index = 1;
    const auto taken = take_prepare(reply, file, request);
    ASSERT_TRUE(taken.has_value()) << "a rendition may be a PNG";
    EXPECT_EQ(taken->products[0].bytes, picture);
    reply.products[0].facts.height_px = 31;
    EXPECT_FALSE(take_prepare(reply, file, request).has_value());
}

// What replaces a private original: of the same format and length, but for a PNG that got shorter.
TEST(Answers, TakeNoOtherPictureForOneThatLostItsPlace) {
    const auto jpeg = test::make_picture(Format::kJpeg, 40, 30);
    const auto png = test::make_picture(Format::kPng, 40, 30);
    const auto is_taken = [](const std::string& before, const std::string& after) {
        ParsedReply reply;
        reply.output_bytes = after.size();
        const UniqueFd input = test::file_of(before);
        const auto taken = take_stripped(
            reply, input.get(), before.size(), file_with(after, before.size() + after.size())
        );
        if (!taken) EXPECT_EQ(taken.error().reason, "bad_reply");
        return taken.has_value();
    };
    EXPECT_TRUE(is_taken(jpeg, jpeg));
    EXPECT_TRUE(is_taken(png, png));
    EXPECT_TRUE(is_taken(png, png.substr(0, png.size() - 12)));
    EXPECT_FALSE(is_taken(jpeg, jpeg.substr(0, jpeg.size() - 1)));
    EXPECT_FALSE(is_taken(png, png + "more"));
    EXPECT_FALSE(is_taken(jpeg, std::string(jpeg.size(), 'x')));
    EXPECT_FALSE(is_taken(png + std::string(jpeg.size(), ' '), jpeg));
}

// The child goes on writing while its answer is read.
TEST(Answers, F92_AreJudgedByTheCopyThatIsKept) {
    const auto good = test::make_picture(Format::kPng, 40, 30);
    const std::string bad(good.size(), 'x');
    const auto file = file_with(good, 100'000);
    void* shared = ::mmap(nullptr, good.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), 0);
    ASSERT_NE(shared, MAP_FAILED);
    std::atomic<bool> stop{false};
    std::thread child([&] {
        while (!stop) {
            std::memcpy(shared, bad.data(), bad.size());
            std::memcpy(shared, good.data(), good.size());
            std::this_thread::yield();
        }
    });
    int taken = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (int round = 0; round < 2'000 || (taken == 0 && std::chrono::steady_clock::now() < end);
         ++round) {
        const auto answer = take_transform(reply_of(good), file, png());
        if (!answer) continue;
        ++taken;
        EXPECT_EQ(sniff(test::as_bytes(answer->bytes)), Format::kPng);
        EXPECT_EQ(probe(test::as_bytes(answer->bytes), Format::kPng, {}).facts.width_px, 40U);
    }
    stop = true;
    child.join();
    EXPECT_GT(taken, 0) << "all were refused: nothing was judged";
    ::munmap(shared, good.size());
}

}  // namespace
}  // namespace pixgate::imaging
