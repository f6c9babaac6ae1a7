#include "imaging/verify.h"

#include <utility>

#include "imaging/decode.h"
#include "imaging/probe.h"
#include "imaging/sniff.h"

namespace pixgate::imaging {
namespace {

VerifyAnswer refuse(Refusal refusal, Facts facts = {}, std::string detail = {}) {
    return {refusal, facts, std::move(detail)};
}

}  // namespace

VerifyAnswer verify_header(Bytes data, const VerifyRequest& request) {
    if (data.empty()) return refuse(Refusal::kEmpty);
    if (data.size() > request.limits.max_bytes) return refuse(Refusal::kTooManyBytes);
    const Format sniffed = sniff(data);
    Facts facts;
    facts.format = sniffed;
    if (sniffed == Format::kUnknown) return refuse(Refusal::kNotAnImage, facts);
    if (!can_decode(sniffed)) return refuse(Refusal::kTypeNotAllowed, facts);
    const ProbeResult probed = probe(data, sniffed, request.limits);
    // The probe may know better: a generic HEIF brand can hold AVIF.
    const Format exact = probed.facts.format;
    if (!request.allowed.contains(exact)) return refuse(Refusal::kTypeNotAllowed, probed.facts);
    if (request.check_declared && request.declared != exact)
        return refuse(Refusal::kTypeMismatch, probed.facts);
    return refuse(probed.refusal, probed.facts, probed.detail);
}

VerifyAnswer verify_bytes(Bytes data, const VerifyRequest& request) {
    VerifyAnswer answer = verify_header(data, request);
    if (answer.refusal != Refusal::kNone || !request.full_decode) return answer;
    DecodeOutcome outcome = decode_fully(data, answer.facts, request.limits);
    answer.refusal = outcome.refusal;
    answer.detail = std::move(outcome.detail);
    return answer;
}

}  // namespace pixgate::imaging
