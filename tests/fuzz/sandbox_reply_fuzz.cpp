// What the parent makes of a child's answer, whatever the child says.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "imaging/sandbox/protocol.h"

using namespace pixgate::imaging;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::uint64_t kJob = 1, kRoom = 4'096;
    // Half of the inputs get a right head, so that the fields behind it are reached.
    std::vector<std::uint8_t> raw(data, data + size);
    if (size >= sizeof(JobReply) && data[size - 1] % 2 == 0) {
        raw.resize(sizeof(JobReply));
        std::memcpy(raw.data(), &kProtocolMagic, sizeof kProtocolMagic);
        std::memcpy(raw.data() + sizeof kProtocolMagic, &kJob, sizeof kJob);
    }
    const auto reply = parse_reply(raw, kJob, kRoom);
    if (reply && (reply->output_bytes > kRoom || reply->refusal > kLastRefusal)) std::abort();
    return 0;
}
