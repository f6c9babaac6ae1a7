// Leave for the server to give the answer to a hit again for a moment without asking the edge
// (http::Repeat): what makes a hot picture cheap. For roles/edge only.
#pragma once

#include <string_view>

#include "flow/deliver_image.h"
#include "http/message.h"

namespace pixgate::edge {

// `response` is the 200 or 304 to a GET of a public picture whose URL needs no signature; `seen` is
// what deliver.forgotten() was at before the image was looked up. `head` is that of a 200, and
// `unchanged` a 304 with its fields.
void allow_repeat(
    http::Response& response,
    const DeliveredVariant& variant,
    http::SharedBody head,
    const http::Response& unchanged,
    DeliverImage& deliver,
    std::uint64_t seen,
    bool by_accept
);

}  // namespace pixgate::edge
