// GET or HEAD /{bucket}/{key}  ->  200, 206, 304, 412, 416
// Source: docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "http/conditional.h"
#include "roles/store/operations.h"

namespace pixgate::store {

namespace {

using aws::S3Code;

// A body together with the open object that it reads from.
class ObjectBody : public BodySource {
public:
    ObjectBody(std::unique_ptr<ObjectReader> reader, http::ByteRange range)
        : reader_(std::move(reader)),
          body_(reader_->body(range.offset, range.length)),
          length_(range.length) {}

    Task<Result<ByteView>> next() override { return body_->next(); }
    std::optional<std::uint64_t> length() const override { return length_; }

private:
    std::unique_ptr<ObjectReader> reader_;
    std::unique_ptr<BodySource> body_;
    std::uint64_t length_;
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOverrides{{
    {"response-content-type", "Content-Type"},
    {"response-content-language", "Content-Language"},
    {"response-content-disposition", "Content-Disposition"},
    {"response-content-encoding", "Content-Encoding"},
    {"response-cache-control", "Cache-Control"},
    {"response-expires", "Expires"},
}};

void replace_field(http::Response& response, std::string_view name, std::string_view value) {
    std::erase_if(response.fields, [&](const auto& f) {
        return equal_ignoring_case(f.first, name);
    });
    response.set(std::string(name), std::string(value));
}

// Part of the signed query, so that only whoever holds the secret can set them.
aws::S3Result<void> apply_overrides(const Call& call, http::Response& response) {
    for (const auto& [parameter, field] : kOverrides) {
        const auto value = call.query(parameter);
        if (!value) continue;
        const bool is_text = std::ranges::none_of(*value, [](char c) {
            return (static_cast<unsigned char>(c) < 0x20) || c == 0x7f;
        });
        if (!is_text) {
            return std::unexpected(
                aws::S3Error(S3Code::kInvalidArgument).with("ArgumentName", std::string(parameter))
            );
        }
        replace_field(response, field, *value);
    }
    return {};
}

void add_object_fields(const ObjectInfo& info, http::Response& response) {
    response.set("Content-Type", info.content_type);
    response.set("ETag", '"' + info.etag + '"');
    response.set("Last-Modified", format_http_date(info.last_modified));
    response.set("Accept-Ranges", "bytes");
    for (const auto& [name, value] : info.headers) response.set(name, value);
    for (const auto& [name, value] : info.metadata) response.set("x-amz-meta-" + name, value);
    // What strangers uploaded must never run as a page of this origin.
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Content-Security-Policy", "default-src 'none'; sandbox");
}

aws::S3Error precondition_failed(const Call& call) {
    const bool by_etag = call.header("If-Match").data() != nullptr;
    return aws::S3Error(S3Code::kPreconditionFailed)
        .with("Condition", by_etag ? "If-Match" : "If-Unmodified-Since");
}

// S3 ignores If-Modified-Since with a date to come.
bool is_from_the_future(const Call& call, TimePoint now) {
    if (call.header("If-None-Match").data() != nullptr) return false;
    const auto since = parse_http_date(call.header("If-Modified-Since"));
    return since && *since > now;
}

http::Response not_modified(const ObjectInfo& info) {
    http::Response response(304);
    response.set("ETag", '"' + info.etag + '"');
    response.set("Last-Modified", format_http_date(info.last_modified));
    const auto cache = info.headers.find("cache-control");
    if (cache != info.headers.end()) response.set("Cache-Control", cache->second);
    return response;
}

// Bytes that are damaged where they lie are the store's fault, not the reader's.
aws::S3Error read_error(const Error& error, const Call& call) {
    if (error.code == Errc::kCorrupt) return aws::S3Error(S3Code::kInternalError);
    return object_error(error, call);
}

struct Selection {
    http::ByteRange range;
    bool is_part = false;
};

aws::S3Result<Selection> select_range(const Call& call, const ObjectInfo& info) {
    const auto answer = http::resolve_range(
        call.request.fields, info.size_bytes, '"' + info.etag + '"', info.last_modified
    );
    if (answer.kind == http::RangeKind::kWhole) return Selection{{0, info.size_bytes}, false};
    if (answer.kind == http::RangeKind::kPart) return Selection{answer.range, true};
    aws::S3Error error(S3Code::kInvalidRange);
    error.with("RangeRequested", std::string(call.header("Range")));
    return std::unexpected(error.with("ActualObjectSize", std::to_string(info.size_bytes)));
}

// Everything but the body; status 200, 206 or 304.
struct Head {
    http::Response response;
    http::ByteRange range;
};

aws::S3Result<Head> make_head(const Store& store, const Call& call, const ObjectInfo& info) {
    CHECK_OK(check_amz_headers(call, {"x-amz-checksum-mode"}));
    const auto verdict =
        http::evaluate(call.request.fields, "GET", true, '"' + info.etag + '"', info.last_modified);
    if (verdict == http::Precondition::kFailed) return std::unexpected(precondition_failed(call));
    if (verdict == http::Precondition::kNotModified && !is_from_the_future(call, store.clock.now()))
        return Head{not_modified(info), {}};
    TRY(const auto selection, select_range(call, info));
    http::Response response(selection.is_part ? 206 : 200);
    add_object_fields(info, response);
    if (selection.is_part) {
        response.set("Content-Range", http::content_range(selection.range, info.size_bytes));
    } else if (call.amz("x-amz-checksum-mode") == "ENABLED" && !info.sha256.empty()) {
        // The checksum of the whole: clients hold a part against it, too, so it stays away there.
        if (const auto digest = hex_decode(info.sha256)) {
            response.set("x-amz-checksum-sha256", base64_encode(*digest));
            response.set("x-amz-checksum-type", "FULL_OBJECT");
        }
    }
    return Head{std::move(response), selection.range};
}

}  // namespace

Task<S3Response> get_object(Store& store, Call& call) {
    auto opened = co_await store.objects.get(call.bucket, call.key);
    if (!opened) co_return std::unexpected(read_error(opened.error(), call));
    auto reader = *std::move(opened);
    CO_TRY(auto head, make_head(store, call, reader->info()));
    if (head.response.status == 304) co_return std::move(head.response);
    CO_CHECK(apply_overrides(call, head.response));
    if (auto file = reader->file()) {
        head.response.body = http::FileBody{std::move(file), head.range.offset, head.range.length};
    } else {
        head.response.body = std::make_unique<ObjectBody>(std::move(reader), head.range);
    }
    co_return std::move(head.response);
}

Task<S3Response> head_object(Store& store, Call& call) {
    const auto info = co_await store.objects.head(call.bucket, call.key);
    if (!info) co_return std::unexpected(object_error(info.error(), call));
    CO_TRY(auto head, make_head(store, call, *info));
    if (head.response.status != 304) head.response.announced_length = head.range.length;
    co_return std::move(head.response);
}

}  // namespace pixgate::store
