#include "aws/s3_event_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "base/encoding.h"

namespace pixgate::aws {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr int kMaxWrappers = 3;  // Lambda's SQS trigger around SNS around S3
constexpr std::size_t kMaxKeyBytes = 1024;
constexpr std::size_t kMaxTextBytes = 1024;

std::unexpected<Error> bad(std::string message) {
    return fail(Errc::kInvalidArgument, "storage event: " + message);
}

Result<json::value> parse_json(std::string_view text) {
    if (text.size() > kMaxEventJsonBytes) return bad("over 1 MiB");
    json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::system::error_code ec;
    auto value = json::parse({text.data(), text.size()}, ec, {}, options);
    if (ec) return bad("not JSON: " + ec.message());
    return value;
}

const json::object* object_at(const json::object& parent, std::string_view name) {
    const auto* value = parent.if_contains({name.data(), name.size()});
    return value == nullptr ? nullptr : value->if_object();
}

// Text of a member; empty where it is absent, no text or too long.
std::string text_at(const json::object& parent, std::string_view name) {
    const auto* value = parent.if_contains({name.data(), name.size()});
    const auto* text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr || text->size() > kMaxTextBytes * 3) return {};
    return {text->data(), text->size()};
}

// A size as a number or, as old releases of Ceph write it, as text.
std::uint64_t size_at(const json::object& parent, std::string_view name) {
    const auto* value = parent.if_contains({name.data(), name.size()});
    if (value == nullptr) return 0;
    if (value->is_uint64()) return value->get_uint64();
    if (value->is_int64() && value->get_int64() >= 0) {
        return static_cast<std::uint64_t>(value->get_int64());
    }
    std::uint64_t size = 0;
    if (const auto* text = value->if_string()) {
        std::from_chars(text->data(), text->data() + text->size(), size);
    }
    return size;
}

std::string without_quotes(std::string text) {
    std::erase(text, '"');
    return text;
}

bool is_sequencer(std::string_view text) {
    return text.size() <= 64 && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           });
}

// What holds for every event, however it was wrapped.
Result<StorageEvent> checked(StorageEvent event) {
    const auto is_plain = [](std::string_view text) {
        return is_utf8(text) && text.find('\0') == std::string_view::npos;
    };
    if (event.bucket.empty() || event.bucket.size() > 255 || !is_plain(event.bucket)) {
        return bad("no such bucket name");
    }
    if (event.key.empty() || event.key.size() > kMaxKeyBytes || !is_plain(event.key)) {
        return bad("key is empty, too long or not UTF-8");
    }
    if (!is_sequencer(event.sequencer)) return bad("sequencer is not hex");
    if (event.name.empty() || event.name.size() > 64) return bad("no event name");
    return event;
}

Result<void> check_version(std::string_view version) {
    // Minor versions only add members; another major one may mean something else.
    if (version.empty() || version == "2" || version.starts_with("2.")) return {};
    return bad("version " + std::string(version.substr(0, 16)) + " is not known");
}

Result<StorageEvent> parse_record(const json::object& record) {
    CHECK_OK(check_version(text_at(record, "eventVersion")));
    const auto* s3 = object_at(record, "s3");
    const auto* bucket = s3 == nullptr ? nullptr : object_at(*s3, "bucket");
    const auto* object = s3 == nullptr ? nullptr : object_at(*s3, "object");
    if (bucket == nullptr || object == nullptr)
        return bad("a record without s3.bucket or s3.object");
    StorageEvent event;
    event.name = text_at(record, "eventName");
    if (event.name.starts_with("s3:")) event.name.erase(0, 3);
    TRY(event.at, parse_rfc3339(text_at(record, "eventTime")));
    event.bucket = text_at(*bucket, "name");
    TRY(event.key, form_decode(text_at(*object, "key")));
    event.size_bytes = size_at(*object, "size");
    event.etag = without_quotes(text_at(*object, "eTag"));
    event.version_id = text_at(*object, "versionId");
    event.sequencer = text_at(*object, "sequencer");
    if (const auto* answer = object_at(record, "responseElements")) {
        event.request_id = text_at(*answer, "x-amz-request-id");
    }
    if (const auto* request = object_at(record, "requestParameters")) {
        event.source_ip = text_at(*request, "sourceIPAddress");
    }
    return checked(std::move(event));
}

// "Object Created" with its reason to the name that the classic form has.
std::string classic_name(std::string_view detail_type, std::string_view reason, bool is_marker) {
    if (detail_type == "Object Created") {
        if (reason == "CopyObject") return "ObjectCreated:Copy";
        if (reason == "CompleteMultipartUpload") return "ObjectCreated:CompleteMultipartUpload";
        return reason == "POST Object" ? "ObjectCreated:Post" : "ObjectCreated:Put";
    }
    if (detail_type == "Object Deleted") {
        return is_marker ? "ObjectRemoved:DeleteMarkerCreated" : "ObjectRemoved:Delete";
    }
    std::string name(detail_type);
    std::erase(name, ' ');
    return name;
}

// Names in kebab-case, the key not encoded.
Result<StorageEvent> parse_event_bridge(const json::object& root) {
    const auto* detail = object_at(root, "detail");
    const auto* bucket = detail == nullptr ? nullptr : object_at(*detail, "bucket");
    const auto* object = detail == nullptr ? nullptr : object_at(*detail, "object");
    if (bucket == nullptr || object == nullptr) return bad("EventBridge without bucket or object");
    StorageEvent event;
    event.name = classic_name(
        text_at(root, "detail-type"), text_at(*detail, "reason"),
        text_at(*detail, "deletion-type") == "Delete Marker Created"
    );
    TRY(event.at, parse_rfc3339(text_at(root, "time")));
    event.bucket = text_at(*bucket, "name");
    event.key = text_at(*object, "key");
    event.size_bytes = size_at(*object, "size");
    event.etag = without_quotes(text_at(*object, "etag"));
    event.version_id = text_at(*object, "version-id");
    event.sequencer = text_at(*object, "sequencer");
    event.request_id = text_at(*detail, "request-id");
    event.source_ip = text_at(*detail, "source-ip-address");
    return checked(std::move(event));
}

Result<void> parse_into(std::vector<StorageEvent>& out, std::string_view text, int wrappers);

Result<void> parse_records(
    std::vector<StorageEvent>& out, const json::array& records, int wrappers
) {
    for (const auto& value : records) {
        const auto* record = value.if_object();
        if (record == nullptr) return bad("a record that is no object");
        const auto source = text_at(*record, "eventSource");
        if (source == "aws:sqs") {
            const auto* body = record->if_contains("body");
            if (body == nullptr || !body->is_string()) return bad("a queue record without body");
            const auto& inner = body->get_string();
            CHECK_OK(parse_into(out, {inner.data(), inner.size()}, wrappers + 1));
            continue;
        }
        if (source != "aws:s3" && source != "ceph:s3" && source != "minio:s3") {
            return bad("source is not a store");
        }
        if (out.size() == kMaxEventRecords) return bad("too many records");
        TRY(auto event, parse_record(*record));
        out.push_back(std::move(event));
    }
    return {};
}

Result<void> parse_into(std::vector<StorageEvent>& out, std::string_view text, int wrappers) {
    if (wrappers > kMaxWrappers) return bad("wrapped too often");
    TRY(const auto value, parse_json(text));
    const auto* root = value.if_object();
    if (root == nullptr) return bad("not an object");
    if (const auto* records = root->if_contains("Records")) {
        if (!records->is_array()) return bad("Records is not a list");
        return parse_records(out, records->get_array(), wrappers);
    }
    if (text_at(*root, "Type") == "Notification") {
        const auto* message = root->if_contains("Message");
        if (message == nullptr || !message->is_string()) return bad("SNS without Message");
        const auto& inner = message->get_string();
        return parse_into(out, {inner.data(), inner.size()}, wrappers + 1);
    }
    if (text_at(*root, "source") == "aws.s3") {
        TRY(auto event, parse_event_bridge(*root));
        out.push_back(std::move(event));
        return {};
    }
    if (text_at(*root, "Event") == "s3:TestEvent") return {};
    return bad("no notification of a store");
}

std::string quoted(std::string_view text) {
    return json::serialize(json::string_view(text.data(), text.size()));
}

}  // namespace

std::string encode_event_key(std::string_view key) {
    const auto encoded = percent_encode(key, true);
    std::string out;
    out.reserve(encoded.size());
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        if (encoded.compare(i, 3, "%20") == 0) {
            out += '+';
            i += 2;
        } else {
            out += encoded[i];
        }
    }
    return out;
}

std::string write_s3_event(const StorageEvent& event, const EventOrigin& origin) {
    std::string object;
    object.reserve(512);
    fmt::format_to(
        std::back_inserter(object), R"({{"key":{})", quoted(encode_event_key(event.key))
    );
    if (event.is_created()) {
        fmt::format_to(std::back_inserter(object), R"(,"size":{})", event.size_bytes);
    }
    if (!event.etag.empty()) {
        fmt::format_to(std::back_inserter(object), R"(,"eTag":{})", quoted(event.etag));
    }
    if (!event.version_id.empty()) {
        fmt::format_to(std::back_inserter(object), R"(,"versionId":{})", quoted(event.version_id));
    }
    fmt::format_to(std::back_inserter(object), R"(,"sequencer":{}}})", quoted(event.sequencer));
    return fmt::format(
        R"({{"Records":[{{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":{},)"
        R"("eventTime":"{}","eventName":{},"userIdentity":{{"principalId":"pixgate"}},)"
        R"("requestParameters":{{"sourceIPAddress":{}}},)"
        R"("responseElements":{{"x-amz-request-id":{},"x-amz-id-2":{}}},)"
        R"("s3":{{"s3SchemaVersion":"1.0","configurationId":{},"bucket":{{"name":{},)"
        R"("ownerIdentity":{{"principalId":"pixgate"}},"arn":{}}},"object":{}}}}}]}})",
        quoted(origin.region), format_rfc3339(event.at), quoted(event.name),
        quoted(event.source_ip), quoted(event.request_id), quoted(origin.host_id),
        quoted(origin.configuration_id), quoted(event.bucket),
        quoted("arn:aws:s3:::" + event.bucket), object
    );
}

Result<std::vector<StorageEvent>> parse_s3_event(std::string_view json) {
    std::vector<StorageEvent> out;
    CHECK_OK(parse_into(out, json, 0));
    return out;
}

}  // namespace pixgate::aws
