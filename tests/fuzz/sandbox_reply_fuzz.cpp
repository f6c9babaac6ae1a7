// What the parent makes of a child's answer, whatever the child says.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "imaging/sandbox/protocol.h"

using namespace pixgate::imaging;

namespace {

constexpr std::uint64_t kJob = 1, kRoom = 4'096;
constexpr std::uint32_t kProducts = 8;

void demand(bool holds) {
    if (!holds) std::abort();
}

void check(const ParsedReply& reply, const JobRequest& request) {
    demand(reply.output_bytes <= kRoom && reply.refusal <= kLastRefusal);
    demand(reply.facts.format <= kLastFormat);
    std::uint64_t end = 0;
    for (const ParsedProduct& product : reply.products) {
        demand(request.kind == JobKind::kPrepare && product.index < kProducts);
        demand(product.offset == end && product.bytes > 0 && product.bytes <= kRoom - end);
        end += product.bytes;
    }
    demand(std::memchr(reply.placeholders.blurhash.data(), 0, 64) != nullptr);
    demand(reply.placeholders.thumbhash_bytes <= reply.placeholders.thumbhash.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    JobRequest request;
    request.id = kJob;
    request.output_bytes = kRoom;
    request.prepare.product_count = kProducts;
    // Half of the inputs get a right head, so that the fields behind it are reached.
    std::vector<std::uint8_t> raw(data, data + size);
    if (size > 0 && data[size - 1] % 2 == 0) {
        raw.resize(sizeof(JobReply));
        std::memcpy(raw.data(), &kProtocolMagic, sizeof kProtocolMagic);
        std::memcpy(raw.data() + sizeof kProtocolMagic, &kJob, sizeof kJob);
    }
    for (const auto kind :
         {JobKind::kVerify, JobKind::kPrepare, JobKind::kTransform, JobKind::kAct}) {
        request.kind = kind;
        if (const auto reply = parse_reply(raw, request)) check(*reply, request);
    }
    return 0;
}
