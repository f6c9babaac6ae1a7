// The S3 face of the embedded store: one handler for everything on its listener. Path style; the
// key is the path after the bucket, percent-decoded once, never normalised, never a file name.
// Works over the ports ObjectStore and Buckets, whichever adapter is behind them.
#pragma once

#include "aws/sigv4.h"
#include "base/clock.h"
#include "http/message.h"
#include "ports/object_store.h"
#include "roles/store/operation.h"
#include "roles/store/store_config.h"

namespace pixgate::store {

class StoreHandler {
public:
    StoreHandler(
        ObjectStore& objects,
        Buckets& buckets,
        const aws::CredentialStore& credentials,
        const Clock& clock,
        StoreConfig config
    );

    // For http::Server. Safe on several loops at once; the handler must outlive the server.
    Task<http::Response> handle(http::Request& request);

    // Before the server listens: a page's origin is known only once its own server does.
    void allow_origin(std::string origin);

private:
    Task<S3Response> answer(http::Request& request);
    aws::S3Result<Call> read_call(http::Request& request);
    http::Response refuse(const http::Request& request, const aws::S3Error& error) const;

    Store store_;
    aws::Verifier verifier_;
};

}  // namespace pixgate::store
