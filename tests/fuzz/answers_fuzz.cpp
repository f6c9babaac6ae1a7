// What the parent takes for an answer, whatever a child says and whatever it wrote: nothing larger
// than was asked for, nothing in another format, nothing twice.
//
// An input is a byte of choices, the output file's length in two bytes, the file, and the reply.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "imaging/probe.h"
#include "imaging/sandbox/answers.h"
#include "imaging/sniff.h"

using namespace pixgate;
using namespace pixgate::imaging;

namespace {

constexpr std::uint64_t kJob = 1, kRoom = 0xFFFF;
constexpr std::uint32_t kSidePx = 64, kFrames = 4;
constexpr std::uint64_t kPixels = 2'048;
constexpr std::array kAsked{
    OutputFormat::kJpeg, OutputFormat::kPng, OutputFormat::kWebp, OutputFormat::kAvif,
    OutputFormat::kGif
};
constexpr std::uint32_t kProducts = kAsked.size() + 1;  // the last is a rendition

struct Input {
    bool is_right_head = true;  // the fields behind it are reached
    bool fits_file = true;      // the reply counts the bytes of the file rightly
    bool may_move = false;
    OutputFormat asked = OutputFormat::kJpeg;
    std::string file;
    JobReply reply;
};

void demand(bool holds) {
    if (!holds) std::abort();
}

Input read_input(const std::uint8_t* data, std::size_t size) {
    Input input;
    const std::uint8_t choices = data[0];
    input.asked = kAsked.at(choices % kAsked.size());
    input.may_move = (choices & 0x20) != 0;
    input.is_right_head = (choices & 0x40) == 0;
    input.fits_file = (choices & 0x80) == 0;
    const std::size_t rest = size - 3, said = data[1] + std::size_t{data[2]} * 256;
    const std::size_t bytes = std::min(said, rest);
    input.file.assign(reinterpret_cast<const char*>(data + 3), bytes);
    std::memset(&input.reply, 0, sizeof input.reply);
    std::memcpy(&input.reply, data + 3 + bytes, std::min(sizeof input.reply, rest - bytes));
    if (input.is_right_head) {
        input.reply.magic = kProtocolMagic;
        input.reply.id = kJob;
    }
    const std::uint32_t products = input.reply.product_count;
    if (input.fits_file) input.reply.output_bytes = bytes;
    if (input.fits_file && products > 0 && products <= kMaxProducts) {
        ProductReply& last = input.reply.products.at(products - 1);
        last.bytes = bytes - last.offset;
    }
    return input;
}

JobRequest request_of(const Input& input) {
    JobRequest request;
    request.id = kJob;
    request.output_bytes = kRoom;
    Limits& limits = request.verify.limits;
    limits.max_side_px = kSidePx;
    limits.max_pixels = kPixels;
    limits.max_frames = kFrames;
    request.prepare.verify = request.verify;
    request.transform.limits = limits;
    request.transform.transform.format = input.asked;
    request.transform.transform.animate = input.may_move;
    request.transform.max_side_px = kSidePx;
    request.transform.max_output_pixels = kPixels;
    request.transform.max_total_output_pixels = kPixels * 2;
    request.prepare.product_count = kProducts;
    request.prepare.max_output_bytes = kRoom;
    for (std::size_t i = 0; i < kProducts; ++i) {
        Transform& transform = request.prepare.products.at(i).transform;
        transform.format = kAsked.at(i % kAsked.size());
        transform.animate = input.may_move;
    }
    request.prepare.products.at(kProducts - 1).is_rendition = true;
    return request;
}

OutputFile file_with(const std::string& bytes) {
    auto file = OutputFile::make(kRoom);
    demand(file.has_value());
    demand(::pwrite(file->fd(), bytes.data(), bytes.size(), 0) == std::ssize(bytes));
    return *std::move(file);
}

// A header's facts are those of the bytes, by a reading with no limits of the request.
void demand_is(const std::string& bytes, const Facts& facts, std::uint32_t max_frames) {
    const Bytes picture(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    demand(!bytes.empty() && bytes.size() <= kRoom && sniff(picture) == facts.format);
    const ProbeResult probed = probe(picture, facts.format, {});
    demand(probed.refusal == Refusal::kNone && probed.facts.format == facts.format);
    demand(probed.facts.width_px == facts.width_px && probed.facts.height_px == facts.height_px);
    demand(probed.facts.frames == facts.frames && facts.frames <= max_frames);
}

void check_input(const ParsedReply& reply) {
    if (reply.refusal != Refusal::kNone) return;
    demand(std::max(reply.facts.width_px, reply.facts.height_px) <= kSidePx);
    demand(std::uint64_t{reply.facts.width_px} * reply.facts.height_px <= kPixels);
    demand(reply.facts.frames <= kFrames && kDecodable.contains(reply.facts.format));
}

void check_transform(const ParsedReply& reply, const Input& input, const JobRequest& request) {
    const auto answer = take_transform(reply, file_with(input.file), request.transform);
    if (!answer) return demand(answer.error().reason == "bad_reply");
    if (answer->refusal != Refusal::kNone) return demand(answer->bytes.empty());
    const Facts& facts = answer->facts;
    const std::uint64_t pixels = std::uint64_t{facts.width_px} * facts.height_px;
    demand(facts.format == format_of(input.asked));
    demand(std::max(facts.width_px, facts.height_px) <= kSidePx && pixels <= kPixels);
    demand(pixels * facts.frames <= kPixels * (input.may_move ? 2 : 1));
    demand_is(answer->bytes, facts, input.may_move ? kFrames : 1);
}

void check_prepare(const ParsedReply& reply, const Input& input, const JobRequest& request) {
    check_input(reply);
    const auto answer = take_prepare(reply, file_with(input.file), request.prepare);
    if (!answer) return demand(answer.error().reason == "bad_reply");
    demand(answer->refusal == Refusal::kNone || answer->products.empty());
    std::uint32_t next = 0;
    std::uint64_t bytes = 0;
    for (const Product& product : answer->products) {
        demand(product.index >= next && product.index < kProducts);
        next = product.index + 1;
        const Facts& facts = product.facts;
        const bool is_rendition = product.index == kProducts - 1;
        demand(
            is_rendition ? facts.format == Format::kJpeg || facts.format == Format::kPng
                         : facts.format == format_of(kAsked.at(product.index))
        );
        demand(std::max(facts.width_px, facts.height_px) <= kMaxOutputSidePx);
        demand_is(product.bytes, facts, input.may_move ? kFrames : 1);
        bytes += product.bytes.size();
    }
    demand(bytes <= kRoom);
}

// The original is the file with another end, so that what comes back may be it.
void check_stripped(const ParsedReply& reply, const Input& input, std::uint64_t more) {
    auto original = file_with(input.file);
    const std::uint64_t before = input.file.size() + more;
    const auto answer = take_stripped(reply, original.fd(), before, file_with(input.file));
    if (!answer) return demand(answer.error().reason == "bad_reply");
    if (!answer->file) return demand(answer->size_bytes == 0 && reply.output_bytes == 0);
    std::string made(kSniffBytes, '\0');
    const auto count = ::pread(
        answer->file.get(), made.data(), std::min<std::size_t>(made.size(), answer->size_bytes), 0
    );
    demand(count > 0);
    const Format format = sniff(
        Bytes(reinterpret_cast<const std::uint8_t*>(made.data()), static_cast<std::size_t>(count))
    );
    demand(format != Format::kUnknown && answer->size_bytes <= kRoom);
    demand(answer->size_bytes == before || (format == Format::kPng && answer->size_bytes < before));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return -1;
    const Input input = read_input(data, size);
    JobRequest request = request_of(input);
    const Bytes raw(reinterpret_cast<const std::uint8_t*>(&input.reply), sizeof input.reply);
    for (const auto kind :
         {JobKind::kVerify, JobKind::kPrepare, JobKind::kTransform, JobKind::kStrip, JobKind::kAct,
          JobKind::kWorker}) {
        request.kind = kind;
        const auto reply = parse_reply(raw, request);
        if (!reply) continue;
        demand(input.reply.id == kJob && reply->output_bytes <= kRoom);
        if (kind == JobKind::kVerify) check_input(*reply);
        if (kind == JobKind::kPrepare) check_prepare(*reply, input, request);
        if (kind == JobKind::kTransform) check_transform(*reply, input, request);
        if (kind != JobKind::kStrip) continue;
        check_stripped(*reply, input, 0);
        check_stripped(*reply, input, 9);
    }
    return 0;
}
