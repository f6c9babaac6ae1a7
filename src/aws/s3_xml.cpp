#include "aws/s3_xml.h"

#include "aws/xml_reader.h"
#include "aws/xml_writer.h"
#include "base/encoding.h"

namespace pixgate::aws {

namespace {

std::string quoted_etag(const std::string& etag) {
    return '"' + etag + '"';
}

void write_owner(XmlWriter& xml, std::string_view owner_id) {
    xml.open("Owner").element("ID", owner_id).element("DisplayName", owner_id).close("Owner");
}

}  // namespace

std::string render_list_v2(const ListAnswer& answer, std::string_view owner_id) {
    const auto shown = [&](const std::string& name) {
        return answer.is_url_encoded ? percent_encode(name, true) : name;
    };
    XmlWriter xml("ListBucketResult", kS3Namespace);
    xml.element("Name", answer.bucket).element("Prefix", shown(answer.prefix));
    if (!answer.delimiter.empty()) xml.element("Delimiter", shown(answer.delimiter));
    xml.element("MaxKeys", std::to_string(answer.max_keys));
    if (answer.is_url_encoded) xml.element("EncodingType", "url");
    const auto count = answer.objects.size() + answer.common_prefixes.size();
    xml.element("KeyCount", std::to_string(count));
    xml.element("IsTruncated", answer.is_truncated ? "true" : "false");
    if (!answer.continuation_token.empty()) {
        xml.element("ContinuationToken", answer.continuation_token);
    }
    if (answer.is_truncated) xml.element("NextContinuationToken", answer.next_token);
    if (!answer.start_after.empty()) xml.element("StartAfter", shown(answer.start_after));
    for (const auto& object : answer.objects) {
        xml.open("Contents").element("Key", shown(object.key));
        xml.element("LastModified", format_rfc3339(object.last_modified));
        xml.element("ETag", quoted_etag(object.etag));
        xml.element("Size", std::to_string(object.size_bytes)).element("StorageClass", "STANDARD");
        if (answer.has_owner) write_owner(xml, owner_id);
        xml.close("Contents");
    }
    for (const auto& prefix : answer.common_prefixes) {
        xml.open("CommonPrefixes").element("Prefix", shown(prefix)).close("CommonPrefixes");
    }
    return xml.finish();
}

std::string render_buckets(const std::vector<ListedBucket>& buckets, std::string_view owner_id) {
    XmlWriter xml("ListAllMyBucketsResult", kS3Namespace);
    write_owner(xml, owner_id);
    xml.open("Buckets");
    for (const auto& bucket : buckets) {
        xml.open("Bucket").element("Name", bucket.name);
        xml.element("CreationDate", format_rfc3339(bucket.created_at)).close("Bucket");
    }
    return xml.close("Buckets").finish();
}

std::string render_location(std::string_view region) {
    XmlWriter xml("LocationConstraint", kS3Namespace);
    if (region != "us-east-1") xml.text(region);
    return xml.finish();
}

S3Result<std::string> parse_create_bucket(std::string_view body) {
    if (trim(body).empty()) return std::string{};
    TRY(const auto document, read_xml(body));
    const auto root = document->document_element();
    if (local_name(root) != "CreateBucketConfiguration") return s3_fail(S3Code::kMalformedXml);
    return std::string(trim(child_of(root, "LocationConstraint").text().get()));
}

}  // namespace pixgate::aws
