// Bodies that clients send: never crashes; what parses has the fields it must have, and what is
// written of it is JSON again.
#include <cstdlib>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "roles/api/request_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto upload = pixgate::roles::parse_upload_request(text)) {
        if (upload->filename.empty() || upload->content_type.empty() || upload->size_bytes == 0) {
            std::abort();
        }
    }
    const auto links = pixgate::roles::parse_link_request(text);
    const bool asks_for_any =
        !links || !links->transforms.empty() || links->family != pixgate::SignedFor::kNothing;
    if (!asks_for_any) std::abort();

    pixgate::JsonWriter written;
    written.begin_object().member("text", text).end_object();
    pixgate::JsonReader again(written.text());
    if (!again.skip() || !again.end()) std::abort();
    return 0;
}
