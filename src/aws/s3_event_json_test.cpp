#include "aws/s3_event_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace pixgate::aws {
namespace {

namespace json = boost::json;

StorageEvent example_event() {
    StorageEvent event;
    event.name = "ObjectCreated:Put";
    event.at = parse_rfc3339("2026-01-15T09:30:00.123Z").value();
    event.bucket = "pixgate-originals";
    event.key = "사진/휴가 2026+서울 (1).jpg";
    event.size_bytes = 1024;
    event.etag = "d41d8cd98f00b204e9800998ecf8427e";
    event.sequencer = "0055AED6DCD90281";
    event.request_id = "C3D13FE58DE4C810";
    event.source_ip = "192.0.2.7";
    return event;
}

constexpr std::string_view kS3Record =
    R"({"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-east-1",
 "eventTime":"2026-01-15T09:30:00.123Z","eventName":"ObjectCreated:Put",
 "userIdentity":{"principalId":"AWS:AIDAEXAMPLE"},
 "requestParameters":{"sourceIPAddress":"192.0.2.7"},
 "responseElements":{"x-amz-request-id":"C3D13FE58DE4C810","x-amz-id-2":"FMyUVURIY8="},
 "s3":{"s3SchemaVersion":"1.0","configurationId":"n1",
  "bucket":{"name":"mybucket","ownerIdentity":{"principalId":"A3NL1KOZZKEXAMPLE"},"arn":"arn:aws:s3:::mybucket"},
  "object":{"key":"up/red+flower.jpg","size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e","versionId":"096f","sequencer":"0055AED6DCD90281E5"}}})";

std::string notification(std::string_view record) {
    return R"({"Records":[)" + std::string(record) + "]}";
}

std::string json_text(std::string_view text) {
    return json::serialize(json::string_view(text.data(), text.size()));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(S3EventJson, KeysAreFormEncodedAsS3DoesIt) {
    EXPECT_EQ(encode_event_key("red flower.jpg"), "red+flower.jpg");
    EXPECT_EQ(
        encode_event_key("사진/휴가 2026+서울 (1).jpg"),
        "%EC%82%AC%EC%A7%84/%ED%9C%B4%EA%B0%80+2026%2B%EC%84%9C%EC%9A%B8+%281%29.jpg"
    );
    EXPECT_EQ(encode_event_key("a=b&c%d#e?.png"), "a%3Db%26c%25d%23e%3F.png");
}

TEST(S3EventJson, WhatIsWrittenHasS3sMembersAndIsReadBackEqual) {
    const auto event = example_event();
    const auto text = write_s3_event(event, {});
    const auto root = json::parse(text);
    const auto& record = root.at("Records").at(0);
    EXPECT_EQ(record.at("eventSource").as_string(), "aws:s3");
    EXPECT_EQ(record.at("eventVersion").as_string(), "2.1");
    EXPECT_EQ(record.at("eventTime").as_string(), "2026-01-15T09:30:00.123Z");
    EXPECT_EQ(record.at("responseElements").at("x-amz-request-id").as_string(), "C3D13FE58DE4C810");
    const auto& object = record.at("s3").at("object");
    EXPECT_EQ(object.at("size").as_int64(), 1024);
    EXPECT_EQ(object.at("eTag").as_string(), event.etag);
    EXPECT_FALSE(object.as_object().contains("versionId"));
    EXPECT_EQ(record.at("s3").at("bucket").at("arn").as_string(), "arn:aws:s3:::pixgate-originals");

    const auto back = parse_s3_event(text);
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_EQ(back->size(), 1U);
    const auto& e = back->front();
    EXPECT_EQ(e.name, event.name);
    EXPECT_EQ(e.at, event.at);
    EXPECT_EQ(e.bucket, event.bucket);
    EXPECT_EQ(e.key, event.key);
    EXPECT_EQ(e.size_bytes, event.size_bytes);
    EXPECT_EQ(e.etag, event.etag);
    EXPECT_EQ(e.sequencer, event.sequencer);
    EXPECT_EQ(e.request_id, event.request_id);
    EXPECT_EQ(e.source_ip, event.source_ip);
}

TEST(S3EventJson, RemovalsCarryNoSizeAndNoEtag) {
    auto event = example_event();
    event.name = "ObjectRemoved:Delete";
    event.etag.clear();
    const auto root = json::parse(write_s3_event(event, {}));
    const auto& object = root.at("Records").at(0).at("s3").at("object").as_object();
    EXPECT_FALSE(object.contains("size"));
    EXPECT_FALSE(object.contains("eTag"));
}

TEST(S3EventJson, AWSsOwnRecordIsRead) {
    const auto events = parse_s3_event(notification(kS3Record));
    ASSERT_TRUE(events) << events.error().message;
    ASSERT_EQ(events->size(), 1U);
    EXPECT_EQ(events->front().key, "up/red flower.jpg");
    EXPECT_EQ(events->front().version_id, "096f");
    EXPECT_TRUE(events->front().is_created());
}

TEST(S3EventJson, SeveralRecordsKeepTheirOrder) {
    const auto second = replaced(std::string(kS3Record), "red+flower", "blue");
    const auto events = parse_s3_event(notification(std::string(kS3Record) + ',' + second));
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 2U);
    EXPECT_EQ(events->at(1).key, "up/blue.jpg");
}

TEST(S3EventJson, NewerMinorVersionsAreReadAndOtherMajorOnesAreNot) {
    for (const auto* version : {"2.0", "2.4", "2.6", "2.99"}) {
        const auto text =
            replaced(std::string(kS3Record), "\"2.1\"", '"' + std::string(version) + '"');
        EXPECT_TRUE(parse_s3_event(notification(text))) << version;
    }
    for (const auto* version : {"1.0", "3.0", "21"}) {
        const auto text =
            replaced(std::string(kS3Record), "\"2.1\"", '"' + std::string(version) + '"');
        EXPECT_FALSE(parse_s3_event(notification(text))) << version;
    }
}

TEST(S3EventJson, TheTestMessageIsNoEvent) {
    const auto events = parse_s3_event(
        R"({"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z",
            "Bucket":"bucketname","RequestId":"5582815E1AEA5ADF","HostId":"8cLe"})"
    );
    ASSERT_TRUE(events);
    EXPECT_TRUE(events->empty());
}

TEST(S3EventJson, WrappersOfSnsAndLambdaAreTakenOff) {
    const auto direct = notification(kS3Record);
    const auto sns =
        R"({"Type":"Notification","MessageId":"1","Message":)" + json_text(direct) + "}";
    const auto lambda = R"({"Records":[{"eventSource":"aws:sqs","body":)" + json_text(sns) + "}]}";
    for (const auto& text : {sns, lambda}) {
        const auto events = parse_s3_event(text);
        ASSERT_TRUE(events) << events.error().message;
        ASSERT_EQ(events->size(), 1U);
        EXPECT_EQ(events->front().key, "up/red flower.jpg");
    }
}

TEST(S3EventJson, EndlessWrappingIsRefused) {
    auto text = notification(kS3Record);
    for (int i = 0; i < 6; ++i) {
        text = R"({"Type":"Notification","Message":)" + json_text(text) + "}";
    }
    EXPECT_FALSE(parse_s3_event(text));
}

TEST(S3EventJson, EventBridgeKeysAreNotDecoded) {
    const auto events = parse_s3_event(
        R"({"version":"0","id":"17793124","detail-type":"Object Created","source":"aws.s3",
 "time":"2026-01-15T09:30:00Z","region":"ca-central-1","resources":["arn:aws:s3:::mybucket"],
 "detail":{"version":"0","bucket":{"name":"mybucket"},
  "object":{"key":"a+b%20c.jpg","size":5,"etag":"b1946ac92492d2347c6235b4d2611184","sequencer":"617f08299329d189"},
  "request-id":"N4N7GDK58NMKJ12R","source-ip-address":"192.0.2.4","reason":"CompleteMultipartUpload"}})"
    );
    ASSERT_TRUE(events) << events.error().message;
    EXPECT_EQ(events->front().key, "a+b%20c.jpg");
    EXPECT_EQ(events->front().name, "ObjectCreated:CompleteMultipartUpload");
    EXPECT_EQ(events->front().etag, "b1946ac92492d2347c6235b4d2611184");
}

TEST(S3EventJson, CephsDifferencesAreRead) {
    const auto events = parse_s3_event(
        R"({"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","awsRegion":"zg",
 "eventTime":"2026-01-15T09:30:00.123456Z","eventName":"s3:ObjectCreated:Put",
 "requestParameters":{"sourceIPAddress":""},"responseElements":{"x-amz-request-id":"r","x-amz-id-2":"h"},
 "s3":{"s3SchemaVersion":"1.0","configurationId":"n","bucket":{"name":"b1","arn":"arn:aws:s3:zg::b1","id":"x"},
 "object":{"key":"k.png","size":"77","eTag":"\"abc\"","versionId":"","sequencer":"F7E6D75DC742D108",
 "metadata":[{"key":"x-amz-meta-a","val":"b"}],"tags":[]}},"eventId":"1","opaqueData":"me"}]})"
    );
    ASSERT_TRUE(events) << events.error().message;
    EXPECT_EQ(events->front().name, "ObjectCreated:Put");
    EXPECT_EQ(events->front().size_bytes, 77U);
    EXPECT_EQ(events->front().etag, "abc");
}

TEST(S3EventJson, WhatIsNoNotificationIsRefused) {
    const std::string good = notification(kS3Record);
    const std::vector<std::string> bad{
        "",
        "null",
        "[]",
        "{}",
        R"({"Records":{}})",
        R"({"Records":[1]})",
        R"({"Records":[{}]})",
        replaced(good, "aws:s3", "evil:s3"),
        replaced(good, "up/red+flower.jpg", ""),
        replaced(good, "up/red+flower.jpg", "%FF"),
        replaced(good, "up/red+flower.jpg", "a%00b"),
        replaced(good, "up/red+flower.jpg", "a%2"),
        replaced(good, "up/red+flower.jpg", std::string(1025, 'k')),
        replaced(good, "0055AED6DCD90281E5", "xyz"),
        replaced(good, "2026-01-15T09:30:00.123Z", "yesterday"),
        good.substr(0, good.size() / 2),
        std::string(kMaxEventJsonBytes + 1, ' '),
        std::string(1000, '[')
    };
    for (const auto& text : bad) {
        const auto events = parse_s3_event(text);
        ASSERT_FALSE(events) << text.substr(0, 80);
        EXPECT_EQ(events.error().code, Errc::kInvalidArgument);
    }
}

}  // namespace
}  // namespace pixgate::aws
