#include "main/secrets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace pixgate {
namespace {

class SecretsFile : public testing::Test {
protected:
    SecretsFile() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "pixgate-secrets-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
        dir_ = root_ + "/data";
    }
    ~SecretsFile() override { std::filesystem::remove_all(root_); }

    std::string root_;
    std::string dir_;
    FixedIds ids_;
};

TEST_F(SecretsFile, IsMadeOnceAndReadableByItsOwnerOnly) {
    EXPECT_EQ(load_secrets(dir_).error().code, Errc::kNotFound);
    const auto made = load_or_make_secrets(dir_, ids_);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(made->admin_key.starts_with("pk_admin_"));
    EXPECT_TRUE(made->server_key.starts_with("pk_server_"));
    EXPECT_TRUE(made->client_key.starts_with("pk_client_"));
    EXPECT_EQ(made->store_access_key.size(), 20U);
    EXPECT_EQ(made->store_secret_key.size(), 40U);
    EXPECT_GE(made->edge_key_secret.size(), 32U);

    struct stat status{};
    ASSERT_EQ(::stat((dir_ + "/secrets.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    ASSERT_EQ(::stat(dir_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);

    const auto again = load_or_make_secrets(dir_, ids_);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->admin_key, made->admin_key);
    EXPECT_EQ(again->edge_key_secret, made->edge_key_secret);
}

TEST_F(SecretsFile, IsRefusedWhereOthersMayReadIt) {
    ASSERT_TRUE(load_or_make_secrets(dir_, ids_));
    ASSERT_EQ(::chmod((dir_ + "/secrets.json").c_str(), 0640), 0);
    const auto read = load_or_make_secrets(dir_, ids_);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::kPermissionDenied);
    EXPECT_NE(read.error().message.find("chmod 600"), std::string::npos);
}

TEST_F(SecretsFile, IsNeverReplacedWhenDamaged) {
    ASSERT_TRUE(load_or_make_secrets(dir_, ids_));
    const auto damage = [&](std::string_view text) {
        std::ofstream(dir_ + "/secrets.json", std::ios::trunc) << text;
        return load_or_make_secrets(dir_, ids_);
    };
    for (const char* text : {"", "{}", "{\"admin_key\":\"\"}", "{\"strange\":\"x\"}"}) {
        const auto read = damage(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, Errc::kCorrupt) << text;
    }
}

TEST_F(SecretsFile, WritingAtomicallyReplacesAndLeavesNothingBehind) {
    std::filesystem::create_directories(dir_);
    ASSERT_TRUE(write_file_atomically(dir_ + "/f", "one", 0600));
    ASSERT_TRUE(write_file_atomically(dir_ + "/f", "two", 0600));
    EXPECT_EQ(read_small_file(dir_ + "/f", 10).value(), "two");
    EXPECT_EQ(read_small_file(dir_ + "/f", 2).error().code, Errc::kTooLarge);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), {}), 1);
    EXPECT_FALSE(write_file_atomically(dir_ + "/absent/f", "x", 0600));
}

}  // namespace
}  // namespace pixgate
