// GET /{bucket}?list-type=2&prefix=&delimiter=&max-keys=&start-after=&continuation-token=
//   &fetch-owner=&encoding-type=url
// Source: docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
#include <algorithm>
#include <charconv>

#include "aws/s3_xml.h"
#include "base/encoding.h"
#include "roles/store/operations.h"

namespace pixgate::store {

namespace {

using aws::S3Code;

constexpr std::uint32_t kMaxKeys = 1000;  // S3's limit of one page
constexpr std::size_t kMacBytes = 16;

aws::S3Error invalid_argument(std::string_view name, std::string_view value) {
    aws::S3Error error(S3Code::kInvalidArgument);
    error.with("ArgumentName", std::string(name));
    return error.with("ArgumentValue", std::string(value));
}

// base64url(16 bytes of HMAC over bucket, '/' and position, then the position): a token is taken
// only where it was given, and only for its bucket.
std::string token_for(const Store& store, const std::string& bucket, std::string_view position) {
    const auto mac =
        hmac_sha256(store.list_token_key, as_bytes(bucket + '/' + std::string(position)));
    std::string raw(as_text(ByteView(mac).first(kMacBytes)));
    raw += position;
    return base64url_encode(as_bytes(raw));
}

aws::S3Result<std::string> position_of(
    const Store& store, const std::string& bucket, std::string_view token
) {
    const auto raw = base64url_decode(token);
    if (raw && raw->size() > kMacBytes) {
        std::string position(as_text(ByteView(*raw).subspan(kMacBytes)));
        if (constant_time_equal(token_for(store, bucket, position), token)) return position;
    }
    return std::unexpected(
        aws::S3Error(S3Code::kInvalidArgument, "The continuation token provided is incorrect")
            .with("ArgumentName", "continuation-token")
    );
}

aws::S3Result<std::uint32_t> read_max_keys(const Call& call) {
    const auto text = call.query("max-keys");
    if (!text || text->empty()) return kMaxKeys;
    std::uint32_t value = 0;
    const char* end = text->data() + text->size();
    const auto [stop, ec] = std::from_chars(text->data(), end, value);
    if (stop != end || (ec != std::errc{} && ec != std::errc::result_out_of_range)) {
        return std::unexpected(invalid_argument("max-keys", *text));
    }
    return ec == std::errc::result_out_of_range ? kMaxKeys : std::min(value, kMaxKeys);
}

struct Ask {
    aws::ListAnswer answer;  // with what the client asked for
    ListOptions options;
};

aws::S3Result<Ask> read_ask(const Store& store, const Call& call) {
    Ask ask;
    for (const auto* name : {"prefix", "delimiter", "start-after"}) {
        const auto value = call.query(name).value_or("");
        if (!is_utf8(value)) return std::unexpected(invalid_argument(name, value));
    }
    if (call.query("list-type") != "2") {
        return std::unexpected(invalid_argument("list-type", *call.query("list-type")));
    }
    auto& answer = ask.answer;
    answer.bucket = call.bucket;
    answer.prefix = call.query("prefix").value_or("");
    answer.delimiter = call.query("delimiter").value_or("");
    answer.start_after = call.query("start-after").value_or("");
    answer.continuation_token = call.query("continuation-token").value_or("");
    answer.has_owner = call.query("fetch-owner") == "true";
    TRY(answer.max_keys, read_max_keys(call));
    const auto encoding = call.query("encoding-type").value_or("");
    if (!encoding.empty() && encoding != "url") {
        return std::unexpected(invalid_argument("encoding-type", encoding));
    }
    answer.is_url_encoded = encoding == "url";
    ask.options = {answer.prefix, answer.delimiter, answer.start_after, answer.max_keys};
    if (call.query("continuation-token")) {
        TRY(ask.options.start_after, position_of(store, call.bucket, answer.continuation_token));
    }
    return ask;
}

}  // namespace

Task<S3Response> list_objects_v2(Store& store, Call& call) {
    CO_CHECK(check_amz_headers(call, {"x-amz-optional-object-attributes"}));
    CO_TRY(auto ask, read_ask(store, call));
    auto& answer = ask.answer;
    if (answer.max_keys == 0) {
        const auto found = co_await store.buckets.find(call.bucket);
        if (!found) co_return std::unexpected(object_error(found.error(), call));
        co_return xml_response(aws::render_list_v2(answer, "pixgate"));
    }
    auto page = co_await store.objects.list(call.bucket, ask.options);
    if (!page) co_return std::unexpected(object_error(page.error(), call));
    for (auto& object : page->objects) {
        answer.objects.push_back(
            {std::move(object.key), object.size_bytes, std::move(object.etag), object.last_modified}
        );
    }
    answer.common_prefixes = std::move(page->common_prefixes);
    answer.is_truncated = page->is_truncated;
    if (page->is_truncated) {
        answer.next_token = token_for(store, call.bucket, page->next_start_after);
    }
    co_return xml_response(aws::render_list_v2(answer, "pixgate"));
}

}  // namespace pixgate::store
