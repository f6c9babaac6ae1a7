// Any bytes: never a crash, the same verdict wherever they are cut, and views that stay inside.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/head_parser.h"

using namespace pixgate::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const HeadLimits limits{.max_header_bytes = 2048, .max_target_bytes = 512, .max_fields = 16};

    Head whole;
    HeadParser at_once(limits);
    const auto first = at_once.feed(text, whole);

    HeadParser in_pieces(limits);
    const std::size_t step = data[0] % 16 + 1;
    for (std::size_t n = step;; n += step) {
        const std::string part = text.substr(0, n);
        Head head;
        const auto result = in_pieces.feed(part, head);
        if (!result) {
            // Cut input may be refused for its size where the whole has an earlier fault, never
            // accepted.
            if (first && *first) std::abort();
            break;
        }
        if (*result) {
            if (!first || !*first || head.size_bytes != whole.size_bytes) std::abort();
            if (head.method != whole.method || head.path != whole.path) std::abort();
            break;
        }
        if (n >= text.size()) {
            if (!first || *first) std::abort();
            break;
        }
    }
    if (first && *first) {
        if (whole.size_bytes > text.size() || whole.fields.size() > 16) std::abort();
        if (whole.is_chunked && whole.content_length) std::abort();
        for (const auto& field : whole.fields) {
            if (field.value.find_first_of(std::string_view("\r\n\0", 3)) != field.value.npos)
                std::abort();
        }
    }
    return 0;
}
