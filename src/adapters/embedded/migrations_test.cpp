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
