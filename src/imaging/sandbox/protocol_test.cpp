#include "imaging/sandbox/protocol.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <random>

#include "imaging/sandbox/held_child.h"

namespace pixgate::imaging {
namespace {

constexpr std::uint64_t kJob = 7;
constexpr std::uint64_t kRoom = 1'000;

JobReply good_reply() {
    JobReply reply;
    reply.id = kJob;
    reply.format = static_cast<std::uint32_t>(Format::kJpeg);
    reply.width_px = 40;
    reply.height_px = 30;
    reply.frames = 1;
    reply.orientation = 6;
    reply.output_bytes = 10;
    set_text(reply.detail, "fine");
    return reply;
}

JobRequest request_of(JobKind kind) {
    JobRequest request;
    request.id = kJob;
    request.kind = kind;
    request.output_bytes = kRoom;
    return request;
}

std::optional<ParsedReply> parsed(
    const JobReply& reply, const JobRequest& request = request_of(JobKind::kTransform)
) {
    return parse_reply(Bytes(reinterpret_cast<const std::uint8_t*>(&reply), sizeof reply), request);
}

TEST(ParseReply, ReadsAGoodReply) {
    const auto reply = parsed(good_reply());
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->facts.format, Format::kJpeg);
    EXPECT_EQ(reply->facts.width_px, 40U);
    EXPECT_EQ(reply->facts.orientation, 6U);
    EXPECT_EQ(reply->output_bytes, 10U);
    EXPECT_EQ(reply->detail, "fine");
}

TEST(ParseReply, RefusesEveryFieldOutOfItsRange) {
    const auto is_refused = [](auto change) {
        JobReply reply = good_reply();
        change(reply);
        return !parsed(reply).has_value();
    };
    EXPECT_TRUE(is_refused([](auto& r) { r.magic ^= 1; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.id = kJob + 1; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.output_bytes = kRoom + 1; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.output_bytes = UINT64_MAX; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.refusal = static_cast<std::uint32_t>(kLastRefusal) + 1; }
    ));
    EXPECT_TRUE(is_refused([](auto& r) { r.refusal = 256; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.format = static_cast<std::uint32_t>(kLastFormat) + 1; })
    );
    EXPECT_TRUE(is_refused([](auto& r) { r.orientation = 0; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.orientation = 9; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.has_alpha = 2; }));
}

TEST(ParseReply, RefusesASizeThatWasNotAskedFor) {
    JobReply reply = good_reply();
    reply.width_px = kMaxOutputSidePx + 1;
    EXPECT_FALSE(parsed(reply).has_value());
    reply = good_reply();
    reply.width_px = 0;
    EXPECT_FALSE(parsed(reply).has_value());
    reply = good_reply();
    reply.width_px = reply.height_px = 4'096;  // attack 97: more than 16 megapixels
    EXPECT_FALSE(parsed(reply).has_value());
    reply = good_reply();
    reply.output_bytes = 0;
    EXPECT_TRUE(parsed(reply, request_of(JobKind::kVerify)).has_value());
    EXPECT_FALSE(parsed(reply).has_value()) << "a picture without bytes";
    reply.width_px = 0x1'0000'0001 % 0x1'0000;
    reply.height_px = UINT32_MAX;
    EXPECT_FALSE(parsed(reply, request_of(JobKind::kVerify)).has_value());
}

// Three products of 10, 20 and 30 bytes.
JobReply good_products() {
    JobReply reply = good_reply();
    reply.output_bytes = 60;
    reply.product_count = 3;
    std::uint64_t offset = 0;
    for (std::uint32_t i = 0; i < 3; ++i) {
        const std::uint64_t bytes = 10 * (i + 1);
        reply.products.at(i) = {offset, bytes, i, static_cast<std::uint32_t>(Format::kWebp),
                                20,     15,    1, 0};
        offset += bytes;
    }
    set_text(reply.placeholders.blurhash, "LEHV6nWB2yk8pyo0adR*.7kCMdnj");
    reply.placeholders.thumbhash_bytes = 20;
    return reply;
}

JobRequest prepare_request() {
    JobRequest request = request_of(JobKind::kPrepare);
    request.prepare.product_count = 3;
    return request;
}

TEST(ParseReply, ReadsProducts) {
    const auto reply = parsed(good_products(), prepare_request());
    ASSERT_TRUE(reply.has_value());
    ASSERT_EQ(reply->products.size(), 3U);
    EXPECT_EQ(reply->products[2].offset, 30U);
    EXPECT_EQ(reply->products[2].bytes, 30U);
    EXPECT_EQ(reply->products[2].facts.format, Format::kWebp);
    EXPECT_EQ(reply->placeholders.thumbhash_bytes, 20);
}

// Lies about several pictures.
TEST(ParseReply, F92_RefusesProductsThatCannotBe) {
    const auto is_refused = [](auto change) {
        JobReply reply = good_products();
        change(reply);
        return !parsed(reply, prepare_request()).has_value();
    };
    EXPECT_TRUE(is_refused([](auto& r) { r.products[1].offset = 9; })) << "overlap";
    EXPECT_TRUE(is_refused([](auto& r) { r.products[1].offset = 11; })) << "gap";
    EXPECT_TRUE(is_refused([](auto& r) { r.products[2].bytes = 31; })) << "beyond the end";
    EXPECT_TRUE(is_refused([](auto& r) { r.products[2].bytes = UINT64_MAX - 10; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.products[2].bytes = 0; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.products[0].offset = UINT64_MAX; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.output_bytes = 61; })) << "bytes of no product";
    EXPECT_TRUE(is_refused([](auto& r) { r.products[1].index = 0; })) << "twice the same";
    EXPECT_TRUE(is_refused([](auto& r) { r.products[2].index = 3; })) << "nobody asked";
    EXPECT_TRUE(is_refused([](auto& r) { r.product_count = 4; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.product_count = UINT32_MAX; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.products[0].format = 99; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.products[0].has_alpha = 2; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.products[0].width_px = kMaxOutputSidePx + 1; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.products[0].height_px = 0; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.products[0].frames = 0; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.placeholders.thumbhash_bytes = 33; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.placeholders.blurhash[3] = '<'; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.placeholders.blurhash.fill('A'); })) << "no end";
    EXPECT_TRUE(is_refused([](auto& r) { r.refusal = static_cast<std::uint32_t>(Refusal::kBroken); }
    )) << "refused, with products";
    EXPECT_FALSE(parsed(good_products()).has_value()) << "of a job that makes one picture";
}

TEST(ParseReply, RefusesOtherLengths) {
    const std::vector<std::uint8_t> raw(sizeof(JobReply) * 2);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, sizeof(JobReply) - 1, sizeof(JobReply) + 1})
        EXPECT_FALSE(parse_reply(Bytes(raw).first(size), request_of(JobKind::kVerify)).has_value())
            << size;
}

TEST(ParseReply, TakesOnlyPrintableTextAndNoEndlessOne) {
    JobReply reply = good_reply();
    reply.detail.fill('A');
    reply.detail[0] = '\n';
    reply.detail[1] = '\x1B';
    const auto read = parsed(reply);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->detail.size(), kDetailChars);
    EXPECT_TRUE(read->detail.starts_with("??AAA"));
}

TEST(ParseReply, SurvivesAHundredThousandHostileReplies) {
    std::mt19937_64 random(20'240'607);
    int taken = 0;
    for (int round = 0; round < 100'000; ++round) {
        JobReply reply = good_reply();
        auto* bytes = reinterpret_cast<std::uint8_t*>(&reply);
        const auto changes = 1 + random() % 8;
        for (std::uint64_t i = 0; i < changes; ++i)
            bytes[random() % sizeof reply] = static_cast<std::uint8_t>(random());
        const auto read = parsed(reply);
        if (!read) continue;
        ++taken;
        ASSERT_LE(read->output_bytes, kRoom);
        ASSERT_LE(read->refusal, kLastRefusal);
        ASSERT_LE(read->facts.format, kLastFormat);
        ASSERT_TRUE(read->facts.orientation >= 1 && read->facts.orientation <= 8);
    }
    EXPECT_GT(taken, 0);
}

TEST(Messages, DropDescriptorsThatWereNotExpected) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd near(ends[0]), far(ends[1]);
    const std::array<int, 2> sent{near.get(), far.get()};
    const std::uint64_t text = 42;
    ASSERT_TRUE(send_message(far.get(), bytes_of(text), sent, Clock::now()).has_value());
    std::uint64_t read = 0;
    auto message = receive_message(near.get(), writable_bytes_of(read), 0);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(read, 42U);
    EXPECT_EQ(message->fd_count, 0U);
    ASSERT_TRUE(send_message(far.get(), bytes_of(text), sent, Clock::now()).has_value());
    message = receive_message(near.get(), writable_bytes_of(read), 1);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->fd_count, 1U);
}

TEST(JudgeEnd, NamesEachWayAChildCanEnd) {
    const auto exited = [](int code) { return code << 8; };
    EXPECT_FALSE(judge_end(exited(0), false).has_value());
    EXPECT_EQ(judge_end(exited(kExitOutOfMemory), false)->reason, "out_of_memory");
    EXPECT_EQ(judge_end(exited(kExitNotLocked), false)->code, Errc::kUnavailable);
    EXPECT_EQ(judge_end(exited(9), false)->reason, "exit_9");
    EXPECT_EQ(judge_end(SIGSEGV, false)->reason, "signal_11");
    EXPECT_EQ(judge_end(SIGSYS, false)->reason, "policy_violation");
    EXPECT_EQ(judge_end(SIGXCPU, false)->code, Errc::kDeadlineExceeded);
    EXPECT_EQ(judge_end(SIGKILL, true)->code, Errc::kDeadlineExceeded);
    EXPECT_EQ(judge_end(SIGKILL, false)->code, Errc::kCrashed);
}

}  // namespace
}  // namespace pixgate::imaging
