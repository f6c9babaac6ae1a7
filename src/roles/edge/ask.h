// What a delivery URL asks for: whose picture, in which form, and by what right. Everything that
// reads URLs of the edge is here; what is done with the answer is in edge_routes.cpp.
#pragma once

#include <span>
#include <vector>

#include "core/dialects/dialect.h"
#include "core/edge_signature.h"
#include "core/image.h"
#include "core/openness.h"
#include "core/presets.h"
#include "core/transform.h"
#include "http/message.h"

namespace pixgate::edge {

// How this edge is asked, from the settings.
struct UrlRules {
    Presets presets;
    Openness openness;
    AutoFormats auto_formats;
    bool client_hints = false;          // w=auto and dpr=auto
    std::vector<std::string> dialects;  // names in kDialects
    std::vector<dialects::ImgproxyKey> imgproxy_keys;
};

struct Ask {
    ImageId id;
    Transform transform;
    bool by_accept = false;  // the format is left to the Accept field
    bool is_signed = false;
    bool opens_private = false;  // by a signature that ends, or where endless ones are switched on
    bool keeps_format = false;   // JPEG or PNG, whatever is accepted
    std::string vary;            // the request fields that decided; empty: none
};

// A way to write URLs, and where they begin.
struct Dialect {
    std::string_view name;    // in the settings
    std::string_view prefix;  // "/imgproxy"; what follows is the dialect's
    Result<dialects::Asked> (*read)(
        std::string_view path, std::string_view query, const dialects::Settings& settings
    );
};
std::span<const Dialect> dialect_table();

// kInvalidArgument (the parameter in `reason`), kPermissionDenied for a bad signature and for what
// needs one, kNotFound where the id cannot be one. Looks nothing up.
Result<Ask> read_ask(
    const http::Request& request, const UrlRules& rules, const EdgeSigner& signer, TimePoint now
);
// The same for a URL of that dialect.
Result<Ask> read_dialect_ask(
    const http::Request& request,
    const Dialect& dialect,
    const UrlRules& rules,
    const EdgeSigner& signer,
    TimePoint now
);

// Decides the format where it is left open, by all lines of Accept.
void settle_format(Ask& ask, const UrlRules& rules, const http::Fields& fields, bool has_alpha);

}  // namespace pixgate::edge
