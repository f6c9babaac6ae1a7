// The JSON of the API's answers, each shape in one place. docs/api/openapi.yaml describes them.
#pragma once

#include <chrono>
#include <string>

#include "base/json_writer.h"
#include "core/edge_signature.h"
#include "core/image.h"
#include "core/upload.h"
#include "flow/issue_upload.h"
#include "flow/remake_presets.h"
#include "ports/dead_letters.h"
#include "ports/upload_signer.h"

namespace pixgate::roles {

// Makes the URLs inside an image. Bytes in the store are opened by presigned GET only, presets by
// the edge (signed, where the policy is private); both only once the image was found good.
struct ImageUrls {
    UploadSigner& signer;
    const EdgeSigner& edge_signer;
    const Policies& policies;
    const Clock& clock;
    std::string edge_base;  // "https://pixgate.example"
    std::chrono::seconds lifetime{3'600};
};

// {"image_id","state","reason","owner","filename","original":{…},"variants":[…],"history":[…],"metadata",
// "placeholder":{…},"created_at","ready_at"}. What is not known is null. Renditions are not shown.
void write_image(JsonWriter& json, const Image& image, const ImageUrls& urls);
std::string image_json(const Image& image, const ImageUrls& urls);

// {"image_id","missing":["w640 image/webp"],"made":[{"kind","name","content_type",…}]}
std::string remade_json(const ImageId& id, const RemakePresets::Report& report);

// {"image_id","expires_at","original":{"method","url","headers"},"thumbnails":[…]}
std::string permission_json(const UploadPermission& permission);

void write_dead_letter(JsonWriter& json, const DeadLetter& letter);

}  // namespace pixgate::roles
