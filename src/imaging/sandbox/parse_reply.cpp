// Reads what a child says as the words of an attacker who knows this file.
#include <algorithm>
#include <cstring>

#include "imaging/sandbox/protocol.h"

namespace pixgate::imaging {
namespace {

constexpr std::string_view kBase83 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
constexpr std::size_t kMinBlurhashChars = 6;

// Does a picture of this size exist under the limits?
bool is_size(
    std::uint32_t width_px,
    std::uint32_t height_px,
    std::uint64_t max_side,
    std::uint64_t max_pixels
) {
    return width_px >= 1 && height_px >= 1 && std::max(width_px, height_px) <= max_side &&
           std::uint64_t{width_px} * height_px <= max_pixels;
}

bool are_enums_sane(const JobReply& reply) {
    return reply.refusal <= static_cast<std::uint32_t>(kLastRefusal) &&
           reply.format <= static_cast<std::uint32_t>(kLastFormat) && reply.orientation >= 1 &&
           reply.orientation <= 8 && reply.has_alpha <= 1;
}

// What was looked at, when it was found good.
bool are_input_facts_sane(const JobReply& reply, const VerifyRequest& request) {
    const Limits& limits = request.limits;
    return is_size(reply.width_px, reply.height_px, limits.max_side_px, limits.max_pixels) &&
           reply.frames >= 1 && reply.frames <= limits.max_frames &&
           request.allowed.contains(static_cast<Format>(reply.format));
}

// Each where the one before ends, so that none can lie over another or beyond the end.
bool are_products_sane(const JobReply& reply, const PrepareRequest& request) {
    if (reply.product_count > std::min<std::size_t>(request.product_count, kMaxProducts))
        return false;
    std::uint64_t end = 0;
    std::uint32_t next_index = 0;
    for (const ProductReply& p : std::span(reply.products).first(reply.product_count)) {
        if (p.index < next_index || p.index >= request.product_count) return false;
        next_index = p.index + 1;
        if (p.offset != end || p.bytes == 0 || p.bytes > reply.output_bytes - end) return false;
        end += p.bytes;
        if (p.format > static_cast<std::uint32_t>(kLastFormat) || p.has_alpha > 1) return false;
        if (p.frames < 1 || p.frames > request.verify.limits.max_frames) return false;
        if (!is_size(p.width_px, p.height_px, kMaxOutputSidePx, UINT64_MAX)) return false;
    }
    return end == reply.output_bytes;
}

bool are_placeholders_sane(const Placeholders& placeholders) {
    if (placeholders.thumbhash_bytes > placeholders.thumbhash.size()) return false;
    const auto& hash = placeholders.blurhash;
    const auto end = std::ranges::find(hash, '\0');
    if (end == hash.end()) return false;
    const auto chars = static_cast<std::size_t>(end - hash.begin());
    return (chars == 0 || chars >= kMinBlurhashChars) &&
           std::all_of(hash.begin(), end, [](char c) { return kBase83.contains(c); });
}

bool is_answer_to(const JobReply& reply, const JobRequest& request) {
    const bool is_good = reply.refusal == static_cast<std::uint32_t>(Refusal::kNone);
    if (request.kind != JobKind::kPrepare && reply.product_count != 0) return false;
    if (!is_good) return reply.output_bytes == 0 && reply.product_count == 0;
    switch (request.kind) {
        case JobKind::kVerify:
            return are_input_facts_sane(reply, request.verify);
        case JobKind::kPrepare:
            return are_input_facts_sane(reply, request.prepare.verify) &&
                   are_products_sane(reply, request.prepare) &&
                   are_placeholders_sane(reply.placeholders);
        case JobKind::kTransform:
            return reply.output_bytes > 0 && reply.frames >= 1 &&
                   is_size(
                       reply.width_px, reply.height_px, request.transform.max_side_px,
                       request.transform.max_output_pixels
                   );
        case JobKind::kStrip:  // what it wrote is a stranger's picture again
        case JobKind::kAct:
        case JobKind::kWorker:
            break;
    }
    return true;
}

Facts facts_of(const JobReply& reply) {
    Facts facts;
    facts.format = static_cast<Format>(reply.format);
    facts.width_px = reply.width_px;
    facts.height_px = reply.height_px;
    facts.frames = reply.frames;
    facts.orientation = static_cast<std::uint8_t>(reply.orientation);
    facts.has_alpha = reply.has_alpha == 1;
    return facts;
}

ParsedProduct parsed(const ProductReply& product) {
    ParsedProduct out;
    out.index = product.index;
    out.offset = product.offset;
    out.bytes = product.bytes;
    out.facts.format = static_cast<Format>(product.format);
    out.facts.width_px = product.width_px;
    out.facts.height_px = product.height_px;
    out.facts.frames = product.frames;
    out.facts.has_alpha = product.has_alpha == 1;
    return out;
}

}  // namespace

std::optional<ParsedReply> parse_reply(Bytes raw, const JobRequest& request) {
    JobReply reply;
    if (raw.size() != sizeof reply) return std::nullopt;
    std::memcpy(&reply, raw.data(), sizeof reply);
    const bool is_sane = reply.magic == kProtocolMagic && reply.id == request.id &&
                         reply.output_bytes <= request.output_bytes && are_enums_sane(reply) &&
                         is_answer_to(reply, request);
    if (!is_sane) return std::nullopt;
    ParsedReply out;
    out.refusal = static_cast<Refusal>(reply.refusal);
    out.facts = facts_of(reply);
    out.output_bytes = reply.output_bytes;
    out.act_result = reply.act_result;
    for (const ProductReply& product : std::span(reply.products).first(reply.product_count))
        out.products.push_back(parsed(product));
    if (request.kind == JobKind::kPrepare && out.refusal == Refusal::kNone)
        out.placeholders = reply.placeholders;
    for (const char c : reply.detail) {
        if (c == 0) break;
        out.detail += c >= ' ' && c <= '~' ? c : '?';
    }
    return out;
}

}  // namespace pixgate::imaging
