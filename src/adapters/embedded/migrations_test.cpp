#include "adapters/embedded/migrations.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

namespace pixgate::embedded {
namespace {

constexpr Migration kFirst{1, "first", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"};
constexpr Migration kSecond{2, "second", "CREATE TABLE b (x INTEGER); INSERT INTO a VALUES (2);"};
constexpr Migration kBroken{2, "second", "INSERT INTO a VALUES (2); CREATE TABLE a (x INTEGER);"};

class MigrationsTest : public testing::Test {
protected:
    Result<void> run(std::vector<Migration> steps) { return migrate(*db_, path_, {}, steps); }
    std::int64_t value(std::string_view sql) { return db_->integer(sql).value(); }

    tests::TempDir dir_;
    std::string path_ = (dir_.path() / "test.db").string();
    std::unique_ptr<Connection> db_ = Connection::open(path_).value();
};

TEST_F(MigrationsTest, EachStepIsTakenOnce) {
    ASSERT_TRUE(run({kFirst}));
    ASSERT_TRUE(run({kFirst}));
    ASSERT_TRUE(run({kFirst, kSecond}));
    ASSERT_TRUE(run({kFirst, kSecond}));
    EXPECT_EQ(value("SELECT count(*) FROM a"), 2);
    EXPECT_EQ(value("SELECT count(*) FROM schema_migrations"), 2);
}

TEST_F(MigrationsTest, AStepThatFailsIsUndoneAndCanBeTakenLater) {
    const auto failed = run({kFirst, kBroken});
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("0002_second"), std::string::npos);
    EXPECT_EQ(value("SELECT count(*) FROM a"), 1);
    EXPECT_EQ(value("SELECT max(number) FROM schema_migrations"), 1);
    ASSERT_TRUE(run({kFirst, kSecond}));
    EXPECT_EQ(value("SELECT count(*) FROM a"), 2);
}

TEST_F(MigrationsTest, ACopyIsKeptBeforeAnUpgrade) {
    ASSERT_TRUE(run({kFirst}));
    EXPECT_FALSE(std::filesystem::exists(path_ + ".before-0002"));
    ASSERT_TRUE(run({kFirst, kSecond}));
    const auto copy = Connection::open(path_ + ".before-0002").value();
    EXPECT_EQ(copy->integer("SELECT count(*) FROM a").value(), 1);
}

TEST_F(MigrationsTest, ImagesOfTheFirstSchemaAreKeptWithThumbnailsAndHistory) {
    ASSERT_TRUE(migrate(*db_, path_, {}, migrations().first(1)));
    ASSERT_TRUE(db_->script(
        "INSERT INTO images VALUES ('i', 'ann', 'default', 'ready', '', 'a.jpg', 'b', 'i/original',"
        "'image/jpeg', 9, 'e', 'image/jpeg', 9, '', 4, 3, 1, '{}', 1, 2, 3, 3, 'c', NULL, '');"
        "INSERT INTO image_variants VALUES ('i', 'thumb', 'b', 'i/thumbnails/thumb', 'e2',"
        "'image/webp', 2, 1, 7);"
        "INSERT INTO image_history VALUES ('i', 1, 'ready', 2, ''), ('i', 0, 'pending', 1, 'x');"
    ));
    ASSERT_TRUE(migrate(*db_, path_, {}));
    EXPECT_EQ(
        value("SELECT count(*) FROM images, json_each(variants) v WHERE images.id = 'i' "
              "AND v.value ->> 'kind' = 'thumbnail' AND v.value ->> 'name' = 'thumb' "
              "AND v.value ->> 'key' = 'i/thumbnails/thumb' AND v.value ->> 'etag' = 'e2' "
              "AND v.value ->> 'size_bytes' = 7"),
        1
    );
    EXPECT_EQ(value("SELECT count(*) FROM images WHERE thumbhash = '' AND has_alpha = 0"), 1);
    EXPECT_EQ(
        value("SELECT history = '[{\"state\":\"pending\",\"at_ms\":1,\"reason\":\"x\"},"
              "{\"state\":\"ready\",\"at_ms\":2,\"reason\":\"\"}]' FROM images"),
        1
    );
    EXPECT_EQ(value("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

TEST_F(MigrationsTest, TheOnesInsideAreNumberedWithoutGapAndRun) {
    int number = 0;
    for (const auto& step : migrations()) EXPECT_EQ(step.number, ++number);
    EXPECT_GE(number, 1);
    ASSERT_TRUE(migrate(*db_, path_, {}));
    EXPECT_EQ(value("SELECT max(number) FROM schema_migrations"), number);
    EXPECT_EQ(value("SELECT value FROM counters WHERE name = 'sequencer'"), 0);
}

}  // namespace
}  // namespace pixgate::embedded
