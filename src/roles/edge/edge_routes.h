// Delivery: GET /i/{image_id}/{preset} and /i/{image_id}/w=…,h=…,fit=…,q=…,f=…, and the URLs of the
// dialects that are switched on.
#pragma once

#include "core/edge_signature.h"
#include "core/policy.h"
#include "flow/deliver_image.h"
#include "flow/issue_upload.h"
#include "http/router.h"
#include "roles/edge/ask.h"
#include "roles/edge/client_address.h"

namespace pixgate::edge {

struct Ports {
    DeliverImage& deliver;
    const EdgeSigner& signer;
    const Policies& policies;
    const Clock& clock;
    PublicCaching caching{};  // the same as DeliverImage::Config's
    UrlRules urls;
    ClientAddresses clients{};  // on whose account variants are made
};

// What is asked for decides the answer in this order: malformed 400 (the parameter named), bad
// signature 403, size that needs a signature 403, absent or not ready or private without signature
// 404 (one answer for all three; a public picture that is on its way is answered by its policy: 202
// or a placeholder), then the picture: 200, 206, 304, 416; 503 with Retry-After when too many
// transforms wait, 429 when it is this client's doing; 422 for one that cannot be decoded.
// Cache-Status says where each answer came from.
void add_routes(http::Router& router, Ports ports);

}  // namespace pixgate::edge
