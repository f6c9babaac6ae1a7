// Queue messages: anything may stand in a queue. What parses survives being written and read again.
#include <cstdlib>

#include "core/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = pixgate::parse_register_message(text);
    if (!parsed) return 0;
    const auto again = pixgate::parse_register_message(pixgate::to_json(*parsed));
    if (!again || again->event.key != parsed->event.key ||
        again->size_bytes != parsed->size_bytes) {
        std::abort();
    }
    return 0;
}
