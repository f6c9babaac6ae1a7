// Notification JSON from bytes: what is read can be written and read again to the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "aws/s3_event_json.h"

using namespace pixgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto events = aws::parse_s3_event({reinterpret_cast<const char*>(data), size});
    if (!events) return 0;
    for (const auto& event : *events) {
        const auto again = aws::parse_s3_event(aws::write_s3_event(event, {}));
        if (!again || again->size() != 1 || again->front().key != event.key ||
            again->front().bucket != event.bucket || again->front().at != event.at) {
            std::abort();
        }
    }
    return 0;
}
