// Presets made again for an image that is ready already: those of its policy that it lacks (it is
// older than the policy's list, or than a preset's definition), or all that are asked for. Called
// by roles/api for `pixgate variants regenerate`, and by roles/worker for the preset queue. They
// are made at the policy's final effort.
#pragma once

#include <functional>
#include <memory>

#include "flow/on_stored.h"

namespace pixgate {

// One size of a ready image, from its nearest stored rendition or its original.
using MakeFromStored = std::function<
    Task<Result<std::string>>(std::shared_ptr<const Image> image, imaging::ProductSpec spec)>;

struct RemakePresets {
    Catalog& catalog;
    ObjectStore& store;
    PreparePicture prepare;  // for images without renditions: everything from one decode
    MakeFromStored make;     // for the others
    Pool& imaging_pool;
    const Policies& policies;
    const Clock& clock;
    std::function<void(const ImageId&)> forget;  // edge caches drop what they hold
    ProductRules product_rules{};

    struct Request {
        std::vector<std::string> presets = {};  // empty: all of the image's policy
        bool is_forced = false;  // also those that are there; of all presets: renditions, too
        bool is_from_original =
            false;  // presets as at upload, not from renditions; implied without any
        std::string only_etag = {};  // else kFailedPrecondition; empty: any original
        bool is_dry_run = false;     // says what is missing, changes nothing
    };
    struct Report {
        std::vector<std::string> missing;  // "renditions", "w640 image/webp", as found before
        std::vector<Variant> made;         // presets and renditions that were written
    };
    // What is in the catalog but not in the store is missing. Presets that are none of the image's
    // policy, and policies that make none at upload, give nothing to do.
    //   errors  kNotFound (no such image), kFailedPrecondition (reason "not_ready",
    //           or "original_gone": nothing is left to make it from), kInvalidArgument (reason
    //           "presets": no such preset), kUnsupportedMedia (cannot be decoded), kCrashed,
    //           kDeadlineExceeded, and of the store
    //   twice   safe: the same names, the same rows
    Task<Result<Report>> run(ImageId id, Request request);

private:
    struct Plan;
    Task<Result<bool>> has_object(const Variant& variant) const;
    Task<Result<bool>> has_preset(const Image& image, const PresetForm& form) const;
    Task<Result<bool>> has_renditions(const Image& image) const;
    Task<Result<Plan>> plan(const Image& image, const Policy& policy, Request request) const;
    Task<Result<Change>> from_original(const Image& image, const Policy& policy, const Plan& plan);
    Task<Result<Change>> from_rendition(
        std::shared_ptr<const Image> image, const Policy& policy, const Plan& plan
    );
};

}  // namespace pixgate
