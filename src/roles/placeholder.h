// The answer to GET …/placeholder: what a page shows of a picture before that has come. The same at
// the API and at the edge; who may see it is decided there.
#pragma once

#include "core/image.h"
#include "http/message.h"

namespace pixgate {

// By Accept: a PNG of at most 32 pixels where pictures are asked for by name (as <img> does), its
// data URL as text for text/plain, else JSON with the data URL and the hashes. 304 where the tag
// fits; a problem 404, code "no_placeholder", for images that have none (not decoded at upload).
http::Response placeholder_response(
    const http::Request& request, const Image& image, std::string cache_control
);

// "data:image/png;base64,…"; empty where the image has no ThumbHash.
std::string placeholder_data_url(const Image& image);

}  // namespace pixgate
