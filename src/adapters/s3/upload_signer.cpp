#include "adapters/s3/upload_signer.h"

#include <algorithm>

#include "base/encoding.h"
#include "core/bucket.h"

namespace pixgate::s3 {

namespace {

constexpr std::size_t kMaxKeyBytes = 1024;

// A header value is one line of visible ASCII; anything else could end it early.
bool is_header_value(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

Result<void> check_target(std::string_view bucket, std::string_view key) {
    if (!is_bucket_name(bucket)) return fail(Errc::kInvalidArgument, "sign: not a bucket name");
    if (key.empty() || key.size() > kMaxKeyBytes || !is_utf8(key)) {
        return fail(Errc::kInvalidArgument, "sign: key must be 1 to 1024 bytes of UTF-8");
    }
    return {};
}

class SigV4UploadSigner : public UploadSigner {
public:
    SigV4UploadSigner(aws::PresignConfig config, const Clock& clock)
        : endpoint_(config.endpoint),
          path_style_(config.path_style),
          presigner_(std::move(config), clock) {}

    Result<PresignedRequest> sign_put(const PutTarget& target, std::chrono::seconds lifetime)
        override {
        CHECK_OK(check_target(target.bucket, target.key));
        if (!is_header_value(target.content_type)) {
            return fail(Errc::kInvalidArgument, "sign: not a content type");
        }
        if (target.checksum_sha256) {
            const auto digest = base64_decode(*target.checksum_sha256);
            if (!digest || digest->size() != 32) {
                return fail(Errc::kInvalidArgument, "sign: not a SHA-256 in base64");
            }
        }
        return presigner_.put({
            target.bucket,
            target.key,
            target.size_bytes,
            target.content_type,
            target.checksum_sha256 ? std::string_view(*target.checksum_sha256) : std::string_view{},
            lifetime,
        });
    }

    Result<PresignedRequest> sign_get(
        std::string bucket, std::string key, std::chrono::seconds lifetime
    ) override {
        CHECK_OK(check_target(bucket, key));
        return presigner_.get(bucket, key, lifetime);
    }

    std::string object_url(std::string_view bucket, std::string_view key) const override {
        const auto encoded = percent_encode(key, true);
        if (path_style_) return endpoint_ + '/' + std::string(bucket) + '/' + encoded;
        const auto host = endpoint_.find("://") + 3;
        return endpoint_.substr(0, host) + std::string(bucket) + '.' + endpoint_.substr(host) +
               '/' + encoded;
    }

private:
    std::string endpoint_;
    bool path_style_;
    aws::Presigner presigner_;
};

}  // namespace

std::unique_ptr<UploadSigner> make_upload_signer(aws::PresignConfig config, const Clock& clock) {
    while (config.endpoint.ends_with('/')) config.endpoint.pop_back();
    return std::make_unique<SigV4UploadSigner>(std::move(config), clock);
}

}  // namespace pixgate::s3
