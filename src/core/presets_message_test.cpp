#include "core/presets_message.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

TEST(PresetsMessage, ComesBackAsItWasWritten) {
    const PresetsMessage sent{{"0192f0c1-5a00-7000-8000-000000000001"}, "abc", true};
    const auto got = parse_presets_message(to_json(sent));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->image_id, sent.image_id);
    EXPECT_EQ(got->etag, "abc");
    EXPECT_TRUE(got->is_anew);
}

TEST(PresetsMessage, AnythingElseIsRefused) {
    const std::string good = to_json({{"id"}, "abc", false});
    ASSERT_TRUE(parse_presets_message(good));
    for (const std::string& bad :
         {std::string("{"), std::string("[]"), std::string("{}"),
          std::string(R"({"type":"pixgate.presets/1","image_id":"id","etag":"abc"})"),
          std::string(R"({"type":"pixgate.presets/1","image_id":"","etag":"abc","anew":true})"),
          std::string(R"({"type":"pixgate.presets/1","image_id":"id","etag":"abc","anew":1})"),
          std::string(R"({"type":"pixgate.register/1","image_id":"id","etag":"a","anew":true})"),
          good + std::string(5'000, ' ')})
        EXPECT_EQ(parse_presets_message(bad).error().code, Errc::kInvalidArgument) << bad;
}

}  // namespace
}  // namespace pixgate
