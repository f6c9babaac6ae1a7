// DELETE /{bucket}/{key}  ->  204, whether or not it was there
// Source: docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
#include "roles/store/operations.h"

namespace pixgate::store {

Task<S3Response> delete_object(Store& store, Call& call) {
    CO_CHECK(check_amz_headers(call, {}));
    std::optional<std::string> if_match;
    if (const auto value = call.header("If-Match"); value.data() != nullptr) {
        if_match.emplace(value);
        std::erase(*if_match, '"');
    }
    const auto removed = co_await store.objects.remove(call.bucket, call.key, if_match);
    if (removed) co_return http::Response(204);
    if (removed.error().code == Errc::kFailedPrecondition) {
        aws::S3Error error(aws::S3Code::kPreconditionFailed);
        co_return std::unexpected(error.with("Condition", "If-Match"));
    }
    co_return std::unexpected(object_error(removed.error(), call));
}

}  // namespace pixgate::store
