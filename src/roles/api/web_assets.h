// The files of the page and of the browser SDK, held inside the binary so that one file is all it
// takes to serve them. web/tools/embed.mjs makes the definition from web/demo/dist and web/sdk/dist
// at build time.
#pragma once

#include <span>
#include <string_view>

namespace pixgate::roles {

struct WebAsset {
    std::string_view path;          // of the URL: "/", "/app.js", "/sdk/pixgate.js"
    std::string_view content_type;  // with charset where it is text
    std::string_view content;       // the bytes as they are sent
    std::string_view etag;          // strong and quoted, from the SHA-256 of the content
};

// All files, sorted by path. They live as long as the process.
std::span<const WebAsset> web_assets();

}  // namespace pixgate::roles
