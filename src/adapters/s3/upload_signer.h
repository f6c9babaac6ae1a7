// Presigned requests by Signature Version 4, for S3, Ceph RGW and the embedded store alike.
#pragma once

#include <memory>

#include "aws/presign.h"
#include "base/clock.h"
#include "ports/upload_signer.h"

namespace pixgate::s3 {

// config.endpoint is the address that browsers reach the store at. Errors of the signer:
// kInvalidArgument (a bucket name, key or content type that cannot be signed).
std::unique_ptr<UploadSigner> make_upload_signer(aws::PresignConfig config, const Clock& clock);

}  // namespace pixgate::s3
