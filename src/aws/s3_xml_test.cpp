#include "aws/s3_xml.h"

#include <gtest/gtest.h>

#include <map>

#include "aws/xml_reader.h"
#include "aws/xml_writer.h"

namespace pixgate::aws {
namespace {

std::string text_of(const pugi::xml_node& node, std::string_view name) {
    return child_of(node, name).text().get();
}

TEST(S3Error, IsRenderedInS3sOrderWithEverythingEscaped) {
    const auto error = S3Error(S3Code::kNoSuchKey).with("Key", "a<b>&\"c\r");
    EXPECT_EQ(
        render_error(error, "/bkt/k", "REQ", "HOST"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"
        "<Key>a&lt;b&gt;&amp;&quot;c&#13;</Key><Resource>/bkt/k</Resource>"
        "<RequestId>REQ</RequestId><HostId>HOST</HostId></Error>"
    );
}

TEST(S3Error, EachOfOurCodesHasItsS3Answer) {
    const std::map<Errc, std::pair<unsigned, std::string_view>> expected{
        {Errc::kInvalidArgument, {400, "InvalidArgument"}},
        {Errc::kUnauthenticated, {403, "SignatureDoesNotMatch"}},
        {Errc::kPermissionDenied, {403, "AccessDenied"}},
        {Errc::kNotFound, {404, "NoSuchKey"}},
        {Errc::kAlreadyExists, {409, "OperationAborted"}},
        {Errc::kFailedPrecondition, {412, "PreconditionFailed"}},
        {Errc::kTooLarge, {400, "EntityTooLarge"}},
        {Errc::kUnsupportedMedia, {400, "InvalidArgument"}},
        {Errc::kCorrupt, {400, "BadDigest"}},
        {Errc::kOverloaded, {503, "SlowDown"}},
        {Errc::kUnavailable, {503, "ServiceUnavailable"}},
        {Errc::kDeadlineExceeded, {400, "RequestTimeout"}},
        {Errc::kNoSpace, {507, "InsufficientStorage"}},
        {Errc::kReadOnly, {503, "ServiceUnavailable"}},
        {Errc::kInternal, {500, "InternalError"}},
    };
    for (const auto& [code, answer] : expected) {
        const auto error = s3_error_from({code, "a path that only we may know", {}});
        EXPECT_EQ(error.status(), answer.first) << name_of(code);
        EXPECT_EQ(error.name(), answer.second) << name_of(code);
        EXPECT_EQ(render_error(error, "/", "r", "h").find("only we"), std::string::npos);
    }
}

TEST(S3Error, BytesThatAreNotUtf8DoNotBreakTheDocument) {
    const auto text = render_error(S3Error(S3Code::kInvalidUri), "/\xff\xfe\x01", "r", "h");
    EXPECT_NE(text.find("<Resource>/??&#1;</Resource>"), std::string::npos);
}

TEST(S3Xml, AListingIsReadBackByAParser) {
    ListAnswer answer;
    answer.bucket = "bkt";
    answer.prefix = "사 진/";
    answer.delimiter = "/";
    answer.max_keys = 2;
    answer.is_truncated = true;
    answer.next_token = "dG9rZW4=";
    answer.is_url_encoded = true;
    const auto at = parse_rfc3339("2026-01-15T09:30:00.000Z").value();
    answer.objects.push_back({"사 진/a+b.jpg", 5, "5d41402abc4b2a76b9719d911017c592", at});
    answer.common_prefixes.push_back("사 진/x/");
    const auto document = read_xml(render_list_v2(answer, "owner"));
    ASSERT_TRUE(document);
    const auto root = (*document)->document_element();
    EXPECT_EQ(local_name(root), "ListBucketResult");
    EXPECT_EQ(text_of(root, "KeyCount"), "2");
    EXPECT_EQ(text_of(root, "IsTruncated"), "true");
    EXPECT_EQ(text_of(root, "NextContinuationToken"), "dG9rZW4=");
    EXPECT_EQ(text_of(root, "Prefix"), "%EC%82%AC%20%EC%A7%84/");
    const auto object = child_of(root, "Contents");
    EXPECT_EQ(text_of(object, "Key"), "%EC%82%AC%20%EC%A7%84/a%2Bb.jpg");
    EXPECT_EQ(text_of(object, "ETag"), "\"5d41402abc4b2a76b9719d911017c592\"");
    EXPECT_EQ(text_of(object, "LastModified"), "2026-01-15T09:30:00.000Z");
    EXPECT_EQ(text_of(child_of(root, "CommonPrefixes"), "Prefix"), "%EC%82%AC%20%EC%A7%84/x/");
}

TEST(S3Xml, TheHomeRegionIsAnEmptyLocation) {
    EXPECT_TRUE(render_location("us-east-1").ends_with("\"></LocationConstraint>"));
    EXPECT_TRUE(render_location("eu-west-1").ends_with(">eu-west-1</LocationConstraint>"));
}

TEST(S3Xml, CreateBucketIsReadWithAndWithoutNamespace) {
    EXPECT_EQ(parse_create_bucket("").value(), "");
    EXPECT_EQ(
        parse_create_bucket("<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/"
                            "2006-03-01/\"><LocationConstraint>eu-west-1</LocationConstraint>"
                            "</CreateBucketConfiguration>")
            .value(),
        "eu-west-1"
    );
    EXPECT_EQ(
        parse_create_bucket("<a:CreateBucketConfiguration xmlns:a=\"x\"><a:LocationConstraint>US"
                            "</a:LocationConstraint></a:CreateBucketConfiguration>")
            .value(),
        "US"
    );
    EXPECT_FALSE(parse_create_bucket("<Other/>"));
    EXPECT_FALSE(parse_create_bucket("<CreateBucketConfiguration>"));
}

TEST(XmlReader, DoctypesEntitiesDepthAndSizeAreRefused) {
    std::string deep;
    for (int i = 0; i < 17; ++i) deep += "<a>";
    for (int i = 0; i < 17; ++i) deep += "</a>";
    const std::vector<std::string> bad{
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "<!doctype a><a/>",
        deep,
        "<a>" + std::string(kMaxXmlBytes, 'x') + "</a>",
        "<a>\xff</a>",
        "plain",
        "",
    };
    for (const auto& text : bad) EXPECT_FALSE(read_xml(text)) << text.substr(0, 40);
    EXPECT_TRUE(read_xml("<?xml version=\"1.0\"?><!-- c --><a><b/><![CDATA[<x>]]></a>"));
}

}  // namespace
}  // namespace pixgate::aws
