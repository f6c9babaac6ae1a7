#include "imaging/sandbox/answers.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "imaging/probe.h"
#include "imaging/sniff.h"

namespace pixgate::imaging {
namespace {

bool is_format_asked(Format format, const ProductSpec& spec) {
    if (spec.is_rendition) return FormatSet{Format::kJpeg, Format::kPng}.contains(format);
    return format == format_of(spec.transform.format);
}

Format format_of_input(int fd, std::uint64_t size_bytes) {
    std::array<std::uint8_t, kSniffBytes> head{};
    const auto count = ::pread(fd, head.data(), std::min<std::size_t>(size_bytes, head.size()), 0);
    return count > 0 ? sniff(Bytes(head).first(static_cast<std::size_t>(count))) : Format::kUnknown;
}

}  // namespace

Result<void> check_product(const Product& product, const PrepareRequest& request) {
    const Bytes bytes(
        reinterpret_cast<const std::uint8_t*>(product.bytes.data()), product.bytes.size()
    );
    const Facts& facts = product.facts;
    const ProductSpec& spec = request.products.at(product.index);
    Limits limits;
    limits.max_bytes = request.max_output_bytes;
    limits.max_side_px = kMaxOutputSidePx;
    limits.max_frames = spec.transform.animate ? request.verify.limits.max_frames : 1;
    const bool is_asked = is_format_asked(facts.format, spec) && sniff(bytes) == facts.format;
    const ProbeResult probed = is_asked ? probe(bytes, facts.format, limits) : ProbeResult{};
    if (!is_asked || probed.refusal != Refusal::kNone || probed.facts.orientation != 1 ||
        probed.facts.width_px != facts.width_px || probed.facts.height_px != facts.height_px ||
        probed.facts.frames != facts.frames)
        return fail(
            Errc::kCrashed, "sandbox: the child's picture is not the one asked for", "bad_reply"
        );
    return {};
}

Result<TransformAnswer> take_transform(
    ParsedReply reply, const OutputFile& output, const TransformRequest& request
) {
    TransformAnswer answer{reply.refusal, reply.facts, {}, std::move(reply.detail)};
    if (answer.refusal != Refusal::kNone) return answer;
    TRY(answer.bytes, output.read(0, reply.output_bytes));
    CHECK_OK(check_output(answer, request));
    return answer;
}

Result<PrepareAnswer> take_prepare(
    ParsedReply reply, const OutputFile& output, const PrepareRequest& request
) {
    PrepareAnswer answer;
    answer.refusal = reply.refusal;
    answer.facts = reply.facts;
    answer.placeholders = reply.placeholders;
    answer.detail = std::move(reply.detail);
    answer.products.reserve(reply.products.size());
    for (const ParsedProduct& said : reply.products) {
        Product& product = answer.products.emplace_back();
        product.index = said.index;
        product.facts = said.facts;
        TRY(product.bytes, output.read(said.offset, said.bytes));
        CHECK_OK(check_product(product, request));
    }
    return answer;
}

Result<StripAnswer> take_stripped(
    const ParsedReply& reply, int input_fd, std::uint64_t size_bytes, OutputFile output
) {
    const std::uint64_t bytes = reply.output_bytes;
    if (bytes == 0) return StripAnswer{};
    const Format format = format_of_input(input_fd, size_bytes);
    TRY(const auto head, output.read(0, std::min<std::uint64_t>(bytes, kSniffBytes)));
    const Format said =
        sniff(Bytes(reinterpret_cast<const std::uint8_t*>(head.data()), head.size()));
    const bool has_right_size =
        bytes == size_bytes || (format == Format::kPng && bytes < size_bytes);
    if (format == Format::kUnknown || said != format || !has_right_size)
        return fail(Errc::kCrashed, "sandbox: the child gave back another picture", "bad_reply");
    return StripAnswer{std::move(output).file(), bytes};
}

}  // namespace pixgate::imaging
