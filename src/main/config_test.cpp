#include "main/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/crypto.h"

namespace pixgate {
namespace {

class ConfigFile : public testing::Test {
protected:
    ConfigFile() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "pixgate-config-XXXXXX").string();
        dir_ = ::mkdtemp(pattern.data());
    }
    ~ConfigFile() override { std::filesystem::remove_all(dir_); }

    LoadedConfig load(std::string_view toml) {
        const std::string path = dir_ + "/pixgate.toml";
        std::ofstream(path) << toml;
        sources_.file = path;
        return load_config(sources_);
    }
    // "line: text" of each mistake, without the directory.
    std::vector<std::string> mistakes(std::string_view toml) {
        std::vector<std::string> out;
        for (const auto& m : load(toml).mistakes) {
            const auto at = m.where.rfind('/');
            out.push_back((at == m.where.npos ? m.where : m.where.substr(at + 1)) + ": " + m.text);
        }
        return out;
    }

    std::string dir_;
    ConfigSources sources_;
};

TEST_F(ConfigFile, WithoutAnythingTheDefaultsAreInForceAndGood) {
    const auto loaded = load_config({});
    EXPECT_TRUE(loaded.mistakes.empty());
    EXPECT_EQ(loaded.config.api.listen, "127.0.0.1:8080");
    EXPECT_EQ(loaded.config.policies_by_name().at("default").max_bytes, 25U << 20);
    EXPECT_TRUE(loaded.config.takes_first_start_keys());
}

TEST_F(ConfigFile, ReadsEveryKindOfValue) {
    const auto loaded = load(R"(
data_dir = "/srv/p"
[api]
cors_allowed_origins = ["https://a.example"]
max_connections = 7
[edge]
arbitrary_sizes = false
[policy]
lifetime_seconds = 60
verify = "header"
[[policies]]
name = "avatars"
max_bytes = 1000
visibility = "private"
[log]
level = "debug"
)");
    ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes[0].where << loaded.mistakes[0].text;
    EXPECT_EQ(loaded.config.data_dir, "/srv/p");
    EXPECT_EQ(
        loaded.config.api.cors_allowed_origins, std::vector<std::string>{"https://a.example"}
    );
    EXPECT_EQ(loaded.config.api.max_connections, 7U);
    EXPECT_FALSE(loaded.config.edge.arbitrary_sizes);
    EXPECT_EQ(loaded.config.log_level, log::Level::kDebug);
    const auto policies = loaded.config.policies_by_name();
    EXPECT_EQ(policies.at("default").verify, Verify::kHeader);
    EXPECT_EQ(policies.at("default").lifetime, std::chrono::seconds(60));
    EXPECT_EQ(policies.at("avatars").max_bytes, 1000U);
    EXPECT_EQ(policies.at("avatars").visibility, Visibility::kPrivate);
}

TEST_F(ConfigFile, EnvironmentWinsOverFileAndFlagsOverBoth) {
    sources_.environment = {
        {"PIXGATE_API_LISTEN", "127.0.0.1:2"},
        {"PIXGATE_STORE_LISTEN", "127.0.0.1:2"},
        {"PIXGATE_ROLES", "api, worker"},
        {"PIXGATE_EDGE_ARBITRARY_SIZES", "false"},
        {"PIXGATE_API_MAX_CONNECTIONS", "5"}
    };
    sources_.flags = {{"store.listen", "127.0.0.1:3", "--store-listen"}};
    const auto loaded =
        load("[api]\nlisten = \"127.0.0.1:1\"\n[store]\nlisten = \"127.0.0.1:1\"\n");
    ASSERT_TRUE(loaded.mistakes.empty());
    EXPECT_EQ(loaded.config.api.listen, "127.0.0.1:2");
    EXPECT_EQ(loaded.config.store.listen, "127.0.0.1:3");
    EXPECT_EQ(loaded.config.roles, (std::vector<std::string>{"api", "worker"}));
    EXPECT_FALSE(loaded.config.edge.arbitrary_sizes);
    EXPECT_EQ(loaded.config.api.max_connections, 5U);
    EXPECT_NE(
        loaded.shown.find("listen = \"127.0.0.1:2\"  # PIXGATE_API_LISTEN"), std::string::npos
    );
}

TEST_F(ConfigFile, APolicyTakesTheTypesThatAreLookedIntoAndNoOthers) {
    for (const char* type : {"image/tiff", "image/heif", "image/bmp", "image/svg+xml"}) {
        const std::string text = "[policy]\nallowed_types = [\"" + std::string(type) + "\"]\n";
        EXPECT_TRUE(mistakes(text).empty()) << type;
    }
    for (const char* type :
         {"image/jpg", "IMAGE/PNG", "image/x-icon", "application/pdf", "text/html", ""}) {
        const auto found = mistakes("[policy]\nallowed_types = [\"" + std::string(type) + "\"]\n");
        ASSERT_EQ(found.size(), 1U) << type;
        EXPECT_NE(found[0].find("is not a type that Pixgate checks"), std::string::npos) << type;
    }
}

TEST_F(ConfigFile, PurgesNeedTheRoleThatDoesThem) {
    const std::string purge = "[purge]\nhttp_urls = [\"http://a/{id}\"]\n";
    EXPECT_TRUE(mistakes(purge).empty());
    const auto found = mistakes("roles = [\"api\", \"edge\"]\n" + purge);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].starts_with("pixgate.toml:1: roles: ")) << found[0];
    EXPECT_TRUE(mistakes("roles = [\"edge\"]\n" + purge).empty()) << "the owner does it";
}

TEST_F(ConfigFile, TheAgeOfPicturesInOtherCachesHasBounds) {
    EXPECT_EQ(load("[edge]\nmax_age_seconds = 600\n").config.edge.max_age.count(), 600);
    EXPECT_EQ(mistakes("[edge]\nmax_age_seconds = 59\n").size(), 1U);
    EXPECT_EQ(mistakes("[edge]\nmax_age_seconds = 31536001\n").size(), 1U);
}

TEST_F(ConfigFile, TellsAllMistakesAtOnceWithTheirLines) {
    sources_.environment = {
        {"PIXGATE_API_LISTN", "x"}, {"PIXGATE_QUEUE_MAX_RECEIVES", "many"}, {"PIXGATE_OTHER", "1"}
    };
    const auto found = mistakes(R"(rolls = ["api"]
[api]
listne = "127.0.0.1:1"
max_connections = "many"
[policy]
lifetime_seconds = 901
verify = "maybe"
[[policies]]
name = "a"
max_byte = 1
)");
    const std::vector<std::string> expected{
        "pixgate.toml:1: unknown setting rolls; did you mean roles?",
        "pixgate.toml:3: unknown setting api.listne; did you mean api.listen?",
        "pixgate.toml:4: api.max_connections: a whole number is expected",
        "pixgate.toml:6: policy.lifetime_seconds: must be at most 900",
        "pixgate.toml:7: policy.verify: must be one of \"decode\", \"header\"",
        "pixgate.toml:10: unknown setting policies.max_byte; did you mean policies.max_bytes?",
        "PIXGATE_API_LISTN: unknown variable; did you mean PIXGATE_API_LISTEN?",
        "PIXGATE_QUEUE_MAX_RECEIVES: queue.max_receives: a whole number is expected",
    };
    for (const auto& line : expected) {
        EXPECT_NE(std::ranges::find(found, line), found.end()) << line;
    }
    EXPECT_EQ(found.size(), expected.size());
}

TEST_F(ConfigFile, TellsTheLineOfBrokenToml) {
    const auto found = mistakes("[api]\nlisten = \n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].starts_with("pixgate.toml:2: ")) << found[0];
    sources_.file = dir_ + "/absent.toml";
    EXPECT_EQ(load_config(sources_).mistakes.size(), 1U);
}

TEST_F(ConfigFile, RefusesToBeReachedFromOutsideWithoutSecrets) {
    const std::string key =
        "[[api.keys]]\nid = \"k\"\nrole = \"server\"\nhash = \"" + sha256_hex("x") + "\"\n";
    EXPECT_EQ(mistakes("[api]\nlisten = \"0.0.0.0:80\"\n").size(), 1U);
    EXPECT_EQ(mistakes("[api]\nlisten = \"[::]:80\"\n").size(), 1U);
    EXPECT_EQ(mistakes("[api]\nlisten = \"127.evil.example:80\"\n").size(), 1U);
    EXPECT_TRUE(mistakes("[api]\nlisten = \"0.0.0.0:80\"\n" + key).empty());
    EXPECT_TRUE(mistakes("[api]\nlisten = \"[::1]:80\"\n").empty());
    const auto store = [&](const std::string& secret) {
        return mistakes(
            "[store]\nlisten = \"10.0.0.1:80\"\naccess_key = \"a\"\nsecret_key = \"" + secret +
            "\"\n"
        );
    };
    EXPECT_EQ(mistakes("[store]\nlisten = \"10.0.0.1:80\"\n").size(), 1U);
    EXPECT_EQ(store("minioadmin").size(), 1U);
    EXPECT_EQ(store("aaaaaaaaaaaaaaaaaaaaaaaa").size(), 1U);
    EXPECT_EQ(store("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").size(), 1U);
    EXPECT_TRUE(store("0123456789abcdef0123").empty());
    EXPECT_FALSE(load("[api]\nlisten = \"0.0.0.0:80\"\n" + key).config.takes_first_start_keys());
}

TEST_F(ConfigFile, ChecksKeysAndTokens) {
    EXPECT_EQ(mistakes("[[api.keys]]\nid = \"k\"\nrole = \"client\"\nhash = \"zz\"\n").size(), 2U);
    EXPECT_EQ(
        mistakes("[[api.keys]]\nid = \"k\"\nrole = \"server\"\nhash = \"" + sha256_hex("") + "\"\n")
            .size(),
        1U
    );
    EXPECT_EQ(
        mistakes("[[jwt.keys]]\nid = \"k\"\nalgorithm = \"none\"\nsecret = \"short\"\n").size(), 4U
    );
    EXPECT_EQ(
        mistakes("[[jwt.keys]]\nid = \"k\"\nalgorithm = \"RS256\"\npublic_key = \"short\"\n")
            .size(),
        3U
    );
    EXPECT_EQ(
        mistakes("[jwt]\nissuer = \"i\"\naudience = \"a\"\njwks_url = \"http://idp.example/jwks\"\n"
        )
            .size(),
        1U
    );
    EXPECT_TRUE(
        mistakes(
            "[jwt]\nissuer = \"i\"\naudience = \"a\"\njwks_url = \"https://idp.example/jwks\"\n"
        )
            .empty()
    );
}

TEST_F(ConfigFile, ImgproxyKeysAreHexAndLongEnough) {
    const auto said_of = [&](const std::string& key) {
        std::string out;
        for (const auto& text : mistakes(
                 "[edge]\nimgproxy_keys = [\"" + key + "\"]\nimgproxy_salts = [\"68656c6c6f\"]\n"
             ))
            out += text;
        return out;
    };
    EXPECT_EQ(said_of(std::string(64, 'a')), "");
    EXPECT_NE(said_of(std::string(62, 'a')).find("32 bytes"), std::string::npos);
    EXPECT_NE(said_of("61").find("32 bytes"), std::string::npos);
    EXPECT_NE(said_of(std::string(64, 'x')).find("hex"), std::string::npos);
}

TEST_F(ConfigFile, ShowsSecretsAsStars) {
    const auto loaded = load(
        "[store]\naccess_key = \"AK\"\nsecret_key = \"very-secret-0123456789\"\n"
        "[[edge.signing_keys]]\nid = \"k\"\nsecret = \"another-secret-of-32-bytes-or-more\"\n"
    );
    EXPECT_TRUE(loaded.mistakes.empty());
    EXPECT_EQ(loaded.shown.find("very-secret"), std::string::npos);
    EXPECT_EQ(loaded.shown.find("another-secret"), std::string::npos);
    EXPECT_NE(loaded.shown.find("secret_key = \"***\""), std::string::npos);
}

TEST(ParseListen, TakesHostAndPort) {
    EXPECT_EQ(parse_listen("[::1]:0")->host, "::1");
    EXPECT_EQ(parse_listen("localhost:65535")->port, 65'535);
    for (const char* text :
         {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "h:-1", "h:1x"}) {
        EXPECT_FALSE(parse_listen(text)) << text;
    }
}

}  // namespace
}  // namespace pixgate
