#include "base/log.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace pixgate::log {
namespace {

boost::json::object line(Fields fields, std::string_view message = "m") {
    return boost::json::parse(format_line(Level::kInfo, message, fields)).as_object();
}

TEST(Log, ALineIsOneJsonObject) {
    const auto o = line({{"image_id", "abc"}, {"n", 7}, {"ok", true}, {"s", 0.5}});
    EXPECT_EQ(o.at("level"), "info");
    EXPECT_EQ(o.at("message"), "m");
    EXPECT_EQ(o.at("image_id"), "abc");
    EXPECT_EQ(o.at("n").to_number<int>(), 7);
    EXPECT_EQ(o.at("ok"), true);
}

TEST(Log, TextFromOutsideCannotBreakOutOfItsLine) {
    const auto text =
        format_line(Level::kInfo, "a\nb", {{"filename", "x\"},{\"level\":\"error\r\n\xff"}});
    EXPECT_EQ(text.find('\n'), text.npos);
    EXPECT_EQ(boost::json::parse(text).as_object().at("level"), "info");
}

TEST(Log, SecretsAreStars) {
    const auto o = line(
        {{"secret_key", "k"},
         {"access_token", "t"},
         {"Authorization", "Bearer x"},
         {"store_secret", "s"},
         {"password", "p"}}
    );
    EXPECT_EQ(o.at("access_token"), "***");
    EXPECT_EQ(o.at("Authorization"), "***");
    EXPECT_EQ(o.at("store_secret"), "***");
    EXPECT_EQ(o.at("password"), "***");
    EXPECT_EQ(o.at("secret_key"), "***");
}

TEST(Log, SignaturesInsideUrlsAreStars) {
    EXPECT_EQ(
        mask_url("http://h/b/k?X-Amz-Date=1&X-Amz-Signature=abcdef&x=1"),
        "http://h/b/k?X-Amz-Date=1&X-Amz-Signature=***&x=1"
    );
    EXPECT_EQ(mask_url("/i/a/w640?exp=1&kid=k&sig=zzz"), "/i/a/w640?exp=1&kid=k&sig=***");
    EXPECT_EQ(
        line({{"url", "http://h/?X-Amz-Signature=abc"}}).at("url"), "http://h/?X-Amz-Signature=***"
    );
}

TEST(Log, AnErrorTellsCodeTextAndPlace) {
    EXPECT_EQ(parse_level("warning").value(), Level::kWarning);
    EXPECT_FALSE(parse_level("loud"));
}

}  // namespace
}  // namespace pixgate::log
