#include "core/bucket.h"

#include <gtest/gtest.h>

#include <string>

namespace pixgate {
namespace {

TEST(BucketName, OurOwnAreValid) {
    EXPECT_TRUE(is_bucket_name(kOriginalsBucket));
    EXPECT_TRUE(is_bucket_name(kVariantsBucket));
}

// The examples and rules of the S3 user guide, "General purpose bucket naming rules".
TEST(BucketName, TheRulesHold) {
    for (const std::string& name :
         {std::string("docexamplebucket"), std::string("log-delivery-march-2020"),
          std::string("example.com"), std::string("my.example.s3.bucket"), std::string("abc"),
          std::string("1.2.3"), std::string("192.168.5.4a"), std::string(63, 'a')}) {
        EXPECT_TRUE(is_bucket_name(name)) << name;
    }
    for (const std::string& name :
         {std::string(), std::string("ab"), std::string(64, 'a'), std::string("doc_example"),
          std::string("DocExample"), std::string("doc-example-"), std::string("-doc"),
          std::string("doc..example"), std::string(".doc"), std::string("192.168.5.4"),
          std::string("xn--bucket"), std::string("bucket-s3alias"), std::string("a/b"),
          std::string("a b"), std::string("b\0c", 3), std::string("버킷")}) {
        EXPECT_FALSE(is_bucket_name(name)) << name;
    }
}

}  // namespace
}  // namespace pixgate
