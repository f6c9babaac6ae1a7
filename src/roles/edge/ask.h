// What a delivery URL asks for: whose picture, in which form, and by what right. Everything that
// reads URLs of the edge is here; what is done with the answer is in edge_routes.cpp.
#pragma once

#include "core/edge_signature.h"
#include "core/image.h"
#include "core/transform.h"
#include "http/message.h"

namespace pixgate::edge {

struct Ask {
    ImageId id;
    Transform transform;
    bool by_accept = false;  // the format is left to the Accept field
    bool is_signed = false;
};

struct AskRules {
    const EdgeSigner& signer;
    const Clock& clock;
    bool presets_only = false;
};

// kInvalidArgument (the parameter in `reason`), kPermissionDenied for a bad signature and for what
// needs one, kNotFound where the id cannot be one. Looks nothing up.
Result<Ask> read_ask(const http::Request& request, const AskRules& rules);

// Decides the format where it is left open.
void settle_format(Ask& ask, std::string_view accept, bool has_alpha);

}  // namespace pixgate::edge
