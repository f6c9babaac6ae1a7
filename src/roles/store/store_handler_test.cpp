#include "roles/store/store_handler.h"

#include <gtest/gtest.h>

#include "tests/support/store_client.h"

namespace pixgate::store {
namespace {

using namespace std::chrono_literals;
using testing::StoreAnswer;
using testing::StoreRequest;
using testing::TestStore;

std::string code_of(const StoreAnswer& answer) {
    return answer.element("Code");
}

TEST(StorePut, AnObjectComesBackAsItWasSent) {
    TestStore store;
    StoreRequest put{"PUT", "/bkt/%EC%82%AC%EC%A7%84/a%2Bb//../c.jpg", {}, "hello", true, {}};
    put.headers = {{"Content-Type", "image/jpeg"}, {"Cache-Control", "no-cache"},
                   {"x-amz-meta-Owner", "u-1"},    {"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="},
                   {"x-amz-acl", "private"},       {"x-amz-storage-class", "STANDARD"}};
    const auto made = store.call(put);
    ASSERT_EQ(made.status, 200U) << made.body;
    EXPECT_EQ(made.get("ETag"), "\"5d41402abc4b2a76b9719d911017c592\"");
    EXPECT_EQ(made.get("x-amz-request-id"), "00112233aabbccdd");
    EXPECT_FALSE(made.get("x-amz-id-2").empty());
    EXPECT_TRUE(made.get("x-amz-version-id").empty());

    const auto got = store.call("GET", put.target);
    ASSERT_EQ(got.status, 200U);
    EXPECT_EQ(got.body, "hello");
    EXPECT_EQ(got.get("Content-Type"), "image/jpeg");
    EXPECT_EQ(got.get("cache-control"), "no-cache");
    EXPECT_EQ(got.get("x-amz-meta-owner"), "u-1");
    EXPECT_EQ(got.get("Accept-Ranges"), "bytes");
    EXPECT_EQ(got.get("Last-Modified"), "Thu, 15 Jan 2026 09:30:00 GMT");
    EXPECT_EQ(got.get("X-Content-Type-Options"), "nosniff");
    EXPECT_NE(got.get("Content-Security-Policy").find("sandbox"), std::string::npos);

    const auto head = store.call("HEAD", put.target);
    EXPECT_EQ(head.status, 200U);
    EXPECT_EQ(head.response.announced_length, 5U);
    // The key is not normalised: its neighbours are other keys.
    EXPECT_EQ(store.call("GET", "/bkt/%EC%82%AC%EC%A7%84/c.jpg").status, 404U);
    EXPECT_EQ(store.call("GET", "/bkt/%EC%82%AC%EC%A7%84/a%2Bb/../c.jpg").status, 404U);
}

TEST(StorePut, TheEventCarriesTheRequestIdOfTheAnswer) {
    TestStore store;
    ASSERT_EQ(store.call("PUT", "/bkt/k", "hello").status, 200U);
    const auto events = run_task(store.adapters.events->next(10, 0ms, 1s)).value();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_NE(events[0].json.find("00112233aabbccdd"), std::string::npos);
    EXPECT_NE(events[0].json.find("\"sourceIPAddress\":\"127.0.0.1\""), std::string::npos);
}

TEST(StorePut, EveryChecksumIsCheckedAndSentBack) {
    const std::vector<std::pair<std::string, std::string>> right{
        {"x-amz-checksum-crc32", "NhCmhg=="},
        {"x-amz-checksum-crc32c", "mnG7TA=="},
        {"x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="},
        {"x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="}
    };
    for (const auto& [name, value] : right) {
        TestStore store;
        StoreRequest put{"PUT", "/bkt/k", {{name, value}}, "hello", true, {}};
        const auto made = store.call(put);
        ASSERT_EQ(made.status, 200U) << name;
        EXPECT_EQ(made.get(name), value);
        EXPECT_EQ(made.get("x-amz-checksum-type"), "FULL_OBJECT");

        TestStore other;
        put.body = "jello";
        const auto refused = other.call(put);
        EXPECT_EQ(refused.status, 400U) << name;
        EXPECT_EQ(code_of(refused), "BadDigest") << name;
        EXPECT_EQ(other.call("HEAD", "/bkt/k").status, 404U) << name;
    }
}

TEST(StorePut, ClaimsThatCannotBeAreRefusedBeforeTheBodyIsRead) {
    struct Case {
        std::vector<std::pair<std::string, std::string>> headers;
        std::string code;
        unsigned status;
    };
    const std::vector<Case> cases{
        {{{"Content-MD5", "not base64"}}, "InvalidDigest", 400},
        {{{"Content-MD5", "c2hvcnQ="}}, "InvalidDigest", 400},
        {{{"x-amz-checksum-crc32", "AAAA"}}, "InvalidRequest", 400},
        {{{"x-amz-checksum-sha256", "NhCmhg=="}}, "InvalidRequest", 400},
        {{{"x-amz-checksum-crc32", "NhCmhg=="}, {"x-amz-checksum-crc32c", "mnG7TA=="}},
         "InvalidRequest",
         400},
        {{{"x-amz-sdk-checksum-algorithm", "CRC32"}}, "InvalidRequest", 400},
        {{{"x-amz-checksum-crc64nvme", "M3eFcAZSQlc="}}, "InvalidRequest", 400},
        {{{"x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}},
         "BadDigest",
         400},
        {{{"x-amz-acl", "public-read"}}, "AccessControlListNotSupported", 400},
        {{{"x-amz-storage-class", "GLACIER"}}, "InvalidStorageClass", 400},
        {{{"x-amz-copy-source", "bkt/other"}}, "NotImplemented", 501},
        {{{"x-amz-tagging", "a=b"}}, "NotImplemented", 501},
        {{{"x-amz-website-redirect-location", "/x"}}, "NotImplemented", 501},
        {{{"x-amz-server-side-encryption", "AES256"}}, "NotImplemented", 501},
        {{{"If-None-Match", "\"abc\""}}, "NotImplemented", 501},
        {{{"x-amz-meta-big", std::string(2100, 'm')}}, "MetadataTooLarge", 400},
        {{{"x-amz-meta-a", "x\r\nSet-Cookie: a=b"}}, "InvalidArgument", 400},
        {{{"x-amz-meta-a", std::string("x\0y", 3)}}, "InvalidArgument", 400},
    };
    for (const auto& c : cases) {
        TestStore store;
        const auto answer = store.call({"PUT", "/bkt/k", c.headers, "hello", true, {}});
        EXPECT_EQ(answer.status, c.status) << c.headers[0].first;
        EXPECT_EQ(code_of(answer), c.code) << c.headers[0].first << answer.body;
        EXPECT_FALSE(answer.body_was_read) << c.headers[0].first;
    }
}

TEST(StorePut, LengthIsNeededAndBounded) {
    StoreConfig config;
    config.max_object_bytes = 4;
    TestStore store(config);
    StoreRequest put{"PUT", "/bkt/k", {}, "hello", true, {}};
    const auto large = store.call(put);
    EXPECT_EQ(code_of(large), "EntityTooLarge");
    EXPECT_EQ(large.element("MaxSizeAllowed"), "4");
    put.has_length = false;
    const auto without = store.call(put);
    EXPECT_EQ(without.status, 411U);
    EXPECT_FALSE(large.body_was_read || without.body_was_read);
}

TEST(StorePut, IfNoneMatchTakesTheFirstAndRefusesTheSecond) {
    TestStore store;
    StoreRequest put{"PUT", "/bkt/k", {{"If-None-Match", "*"}}, "first", true, {}};
    ASSERT_EQ(store.call(put).status, 200U);
    put.body = "second";
    const auto again = store.call(put);
    EXPECT_EQ(again.status, 412U);
    EXPECT_EQ(again.element("Condition"), "If-None-Match");
    EXPECT_EQ(store.call("GET", "/bkt/k").body, "first");
}

TEST(StorePut, IfMatchReplacesOnlyWhatWasSeen) {
    TestStore store;
    ASSERT_EQ(store.call("PUT", "/bkt/k", "hello").status, 200U);
    StoreRequest put{"PUT", "/bkt/k", {{"If-Match", "\"00\""}}, "other", true, {}};
    EXPECT_EQ(store.call(put).status, 412U);
    put.headers = {{"If-Match", "\"5d41402abc4b2a76b9719d911017c592\""}};
    EXPECT_EQ(store.call(put).status, 200U);
    put.target = "/bkt/absent";
    EXPECT_EQ(code_of(store.call(put)), "NoSuchKey");
}

TEST(StorePut, AnAbsentBucketIsNoSuchBucket) {
    TestStore store;
    const auto answer = store.call("PUT", "/other/k", "hello");
    EXPECT_EQ(answer.status, 404U);
    EXPECT_EQ(code_of(answer), "NoSuchBucket");
}

TEST(StoreGet, RangesAreServedClippedAndRefused) {
    TestStore store;
    ASSERT_EQ(store.call("PUT", "/bkt/k", "0123456789").status, 200U);
    const auto get = [&](const std::string& range) {
        return store.call({"GET", "/bkt/k", {{"Range", range}}, "", true, {}});
    };
    const auto part = get("bytes=2-4");
    EXPECT_EQ(part.status, 206U);
    EXPECT_EQ(part.body, "234");
    EXPECT_EQ(part.get("Content-Range"), "bytes 2-4/10");
    EXPECT_EQ(get("bytes=8-99").body, "89");
    EXPECT_EQ(get("bytes=-3").body, "789");
    EXPECT_EQ(get("bytes=0-0,5-5").status, 200U);
    EXPECT_EQ(get("lines=1-2").status, 200U);
    const auto beyond = get("bytes=10-");
    EXPECT_EQ(beyond.status, 416U);
    EXPECT_EQ(code_of(beyond), "InvalidRange");
    EXPECT_EQ(beyond.get("Content-Range"), "bytes */10");
    EXPECT_EQ(beyond.element("ActualObjectSize"), "10");
}

TEST(StoreGet, ConditionsAreHeld) {
    TestStore store;
    ASSERT_EQ(store.call("PUT", "/bkt/k", "hello").status, 200U);
    const auto get = [&](const std::string& name, const std::string& value) {
        return store.call({"GET", "/bkt/k", {{name, value}}, "", true, {}});
    };
    const std::string etag = "\"5d41402abc4b2a76b9719d911017c592\"";
    const auto same = get("If-None-Match", etag);
    EXPECT_EQ(same.status, 304U);
    EXPECT_EQ(same.body, "");
    EXPECT_EQ(same.get("ETag"), etag);
    EXPECT_EQ(get("If-None-Match", "\"x\"").status, 200U);
    EXPECT_EQ(get("If-Match", etag).status, 200U);
    const auto differs = get("If-Match", "\"x\"");
    EXPECT_EQ(differs.status, 412U);
    EXPECT_EQ(differs.element("Condition"), "If-Match");
    EXPECT_EQ(get("If-Modified-Since", "Fri, 16 Jan 2026 09:30:00 GMT").status, 200U)
        << "a date in the future does not count";
    EXPECT_EQ(get("If-Unmodified-Since", "Wed, 14 Jan 2026 09:30:00 GMT").status, 412U);
}

TEST(StoreGet, SignedOverridesChangeTheAnswerAndCannotSplitIt) {
    TestStore store;
    ASSERT_EQ(store.call("PUT", "/bkt/k", "hello").status, 200U);
    const auto shown = store.call("GET", "/bkt/k?response-content-type=text%2Fplain");
    EXPECT_EQ(shown.get("Content-Type"), "text/plain");
    const auto split = store.call("GET", "/bkt/k?response-content-type=a%0d%0aSet-Cookie%3a%20b");
    EXPECT_EQ(split.status, 400U);
}

TEST(StoreGet, TheChecksumIsGivenOnRequestForTheWholeOnly) {
    TestStore store;
    ASSERT_EQ(store.call("PUT", "/bkt/k", "hello").status, 200U);
    StoreRequest get{"GET", "/bkt/k", {{"x-amz-checksum-mode", "ENABLED"}}, "", true, {}};
    EXPECT_EQ(
        store.call(get).get("x-amz-checksum-sha256"), "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    );
    get.headers.emplace_back("Range", "bytes=0-1");
    EXPECT_EQ(store.call(get).get("x-amz-checksum-sha256"), "");
}

TEST(StoreDelete, IsTheSameWhetherItWasThereOrNot) {
    TestStore store;
    ASSERT_EQ(store.call("PUT", "/bkt/k", "hello").status, 200U);
    const StoreRequest other{"DELETE", "/bkt/k", {{"If-Match", "\"00\""}}, "", true, {}};
    EXPECT_EQ(store.call(other).status, 412U);
    EXPECT_EQ(store.call("DELETE", "/bkt/k").status, 204U);
    EXPECT_EQ(store.call("DELETE", "/bkt/k").status, 204U);
    EXPECT_EQ(store.call("GET", "/bkt/k").status, 404U);
    EXPECT_EQ(code_of(store.call("DELETE", "/other/k")), "NoSuchBucket");
}

TEST(StoreBuckets, AreMadeFoundAndListed) {
    TestStore store;
    const auto made = store.call("PUT", "/photos");
    EXPECT_EQ(made.status, 200U);
    EXPECT_EQ(made.get("Location"), "/photos");
    EXPECT_EQ(store.call("PUT", "/photos/").status, 200U) << "again by its owner in us-east-1";
    const auto head = store.call("HEAD", "/photos");
    EXPECT_EQ(head.status, 200U);
    EXPECT_EQ(head.get("x-amz-bucket-region"), "us-east-1");
    const auto absent = store.call("HEAD", "/absent");
    EXPECT_EQ(absent.status, 404U);
    EXPECT_EQ(absent.body, "");
    const auto all = store.call("GET", "/");
    EXPECT_NE(all.body.find("<Name>bkt</Name>"), std::string::npos);
    EXPECT_NE(all.body.find("<Name>photos</Name>"), std::string::npos);
    EXPECT_EQ(all.get("Content-Type"), "application/xml");
    EXPECT_EQ(store.call("GET", "/bkt?location").status, 200U);
    for (const auto* name : {"/ab", "/Upper", "/-a-", "/192.168.0.1", "/a..b"}) {
        EXPECT_EQ(code_of(store.call("PUT", name)), "InvalidBucketName") << name;
    }
}

TEST(StoreBuckets, AForeignLocationOrBrokenXmlIsRefused) {
    TestStore store;
    const auto make = [&](const std::string& body) {
        return code_of(store.call("PUT", "/photos", body));
    };
    EXPECT_EQ(
        make("<CreateBucketConfiguration><LocationConstraint>mars</LocationConstraint>"
             "</CreateBucketConfiguration>"),
        "IllegalLocationConstraintException"
    );
    EXPECT_EQ(make("<!DOCTYPE x><CreateBucketConfiguration/>"), "MalformedXML");
    EXPECT_EQ(store.call("HEAD", "/photos").status, 404U);
}

TEST(StoreList, PagesGoOnWithTokensThatCannotBeMadeUp) {
    TestStore store;
    for (const auto* key : {"a/1", "a/2", "b", "c%20d"}) {
        ASSERT_EQ(store.call("PUT", std::string("/bkt/") + key, "x").status, 200U);
    }
    std::vector<std::string> seen;
    std::string token;
    for (int page = 0; page < 9; ++page) {
        std::string target = "/bkt?list-type=2&max-keys=1&delimiter=%2F&encoding-type=url";
        if (!token.empty()) target += "&continuation-token=" + token;
        const auto answer = store.call("GET", target);
        ASSERT_EQ(answer.status, 200U) << answer.body;
        ASSERT_EQ(answer.element("KeyCount"), "1");
        const bool is_object = answer.body.find("<Contents>") != std::string::npos;
        seen.push_back(
            is_object ? answer.element("Key")
                      : answer.body.substr(answer.body.find("<CommonPrefixes><Prefix>") + 24, 2)
        );
        token = answer.element("NextContinuationToken");
        if (answer.element("IsTruncated") == "false") break;
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"a/", "b", "c%20d"}));
    EXPECT_EQ(
        code_of(store.call("GET", "/bkt?list-type=2&continuation-token=AAAAAAAAAAAAAAAAAAAAAAAA")),
        "InvalidArgument"
    );
}

TEST(StoreList, ParametersAreHeldToTheirRanges) {
    TestStore store;
    const auto list = [&](const std::string& more) {
        return store.call("GET", "/bkt?list-type=2" + more);
    };
    EXPECT_EQ(list("").element("MaxKeys"), "1000");
    EXPECT_EQ(list("&max-keys=1000000000").element("MaxKeys"), "1000");
    EXPECT_EQ(list("&max-keys=99999999999999999999").element("MaxKeys"), "1000");
    EXPECT_EQ(list("&max-keys=0").element("IsTruncated"), "false");
    EXPECT_EQ(code_of(list("&max-keys=-1")), "InvalidArgument");
    EXPECT_EQ(code_of(list("&max-keys=x")), "InvalidArgument");
    EXPECT_EQ(code_of(list("&encoding-type=html")), "InvalidArgument");
    EXPECT_EQ(code_of(store.call("GET", "/bkt?list-type=3")), "InvalidArgument");
    EXPECT_EQ(code_of(store.call("GET", "/other?list-type=2")), "NoSuchBucket");
}

TEST(StoreDispatch, WhatIsNotHereIsNeverRunAsSomethingElse) {
    TestStore store;
    ASSERT_EQ(store.call("PUT", "/bkt/k", "hello").status, 200U);
    for (const auto* target :
         {"/bkt/k?acl", "/bkt/k?tagging", "/bkt/k?versionId=1", "/bkt/k?uploadId=1",
          "/bkt/k?partNumber=1", "/bkt?policy", "/bkt?versioning", "/bkt?uploads", "/bkt",
          "/bkt/k?torrent", "/bkt?list-type=2&versions"}) {
        const auto answer = store.call("GET", target);
        EXPECT_EQ(answer.status, 501U) << target;
        EXPECT_EQ(code_of(answer), "NotImplemented") << target;
    }
    EXPECT_EQ(store.call("PUT", "/bkt/k?acl").status, 501U);
    EXPECT_EQ(store.call("DELETE", "/bkt/k?tagging").status, 501U);
    EXPECT_EQ(store.call("POST", "/bkt/k?uploads").status, 501U);
    EXPECT_EQ(store.call("DELETE", "/bkt").status, 501U);
    EXPECT_EQ(store.call("PATCH", "/bkt/k").status, 405U);
    EXPECT_EQ(store.call("GET", "/bkt/k").body, "hello") << "nothing was changed";
    EXPECT_EQ(store.call("GET", "/bkt/k?x-id=GetObject").status, 200U);
}

TEST(StoreKeys, AreOneTo1024BytesOfUtf8) {
    TestStore store;
    EXPECT_EQ(store.call("PUT", "/bkt/" + std::string(1024, 'k'), "x").status, 200U);
    const auto large = store.call("PUT", "/bkt/" + std::string(1025, 'k'), "x");
    EXPECT_EQ(code_of(large), "KeyTooLongError");
    EXPECT_EQ(large.element("MaxSizeAllowed"), "1024");
    EXPECT_EQ(code_of(store.call("PUT", "/bkt/%ff", "x")), "InvalidURI");
    EXPECT_EQ(code_of(store.call("PUT", "/bkt/a%00b", "x")), "InvalidURI");
}

}  // namespace
}  // namespace pixgate::store
