// Any bytes: never a crash, and the same body wherever they are cut.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/chunked_decoder.h"

using pixgate::as_bytes;
using pixgate::as_text;
using pixgate::http::ChunkedDecoder;

namespace {

struct Outcome {
    ChunkedDecoder::State state = ChunkedDecoder::State::kNeedMore;
    std::string body;
    std::size_t taken = 0;
};

Outcome decode(std::string_view text, std::size_t piece) {
    ChunkedDecoder decoder;
    Outcome out;
    while (!text.empty()) {
        const auto input = text.substr(0, piece);
        const auto step = decoder.decode(as_bytes(input));
        if (step.taken > input.size() || step.data.size() > step.taken) std::abort();
        out.body += as_text(step.data);
        out.taken += step.taken;
        out.state = step.state;
        text.remove_prefix(step.taken);
        if (step.state == ChunkedDecoder::State::kBad || step.state == ChunkedDecoder::State::kEnd)
            break;
        if (step.taken == 0) std::abort();
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = decode(text, text.size());
    const auto cut = decode(text, data[0] % 16 + 1);
    const auto is_bad = [](const Outcome& o) { return o.state == ChunkedDecoder::State::kBad; };
    const auto is_end = [](const Outcome& o) { return o.state == ChunkedDecoder::State::kEnd; };
    if (is_bad(whole) != is_bad(cut) || is_end(whole) != is_end(cut)) std::abort();
    if (is_end(whole) && (whole.body != cut.body || whole.taken != cut.taken)) std::abort();
    return 0;
}
