// Ask: permission to send one picture and its thumbnails. Called by roles/api.
#pragma once

#include <map>
#include <string>

#include "base/ids.h"
#include "core/caller.h"
#include "core/upload.h"
#include "ports/catalog.h"
#include "ports/upload_signer.h"

namespace pixgate {

using Policies = std::map<std::string, Policy, std::less<>>;  // by name; "default" is always there

struct IssueUpload {
    Catalog& catalog;
    UploadSigner& signer;
    IdSource& ids;
    const Clock& clock;
    const Policies& policies;
    std::uint32_t max_open_per_caller = 1'000;

    struct Idempotency {
        std::string key;           // empty: none
        std::string request_hash;  // hex SHA-256 of the request body
    };

    // The image row exists (pending) when this returns; URLs never work for what was not recorded.
    // With a used idempotency key: the same image, presigned anew.
    //   errors  kPermissionDenied (caller may not upload), kInvalidArgument, kTooLarge,
    //   kUnsupportedMedia (reason: the
    //           field), kNotFound (policy), kOverloaded (reason "open_uploads"),
    //           kFailedPrecondition (reason "idempotency_key_reused", or "upload_expired" where the
    //           image of that key was not sent in time)
    Task<Result<UploadPermission>> run(
        Caller caller, UploadRequest request, Idempotency idempotency
    );

private:
    Result<UploadPermission> presign(
        const Image& image, const UploadRequest& request, TimePoint now
    );
};

}  // namespace pixgate
