#include "adapters/embedded/database.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/support/temp_dir.h"

namespace pixgate::embedded {
namespace {

class DatabaseTest : public testing::Test {
protected:
    Result<std::shared_ptr<Database>> open(
        std::size_t max_queued_writes = 100, std::uint64_t reserve_bytes = 0, bool is_guest = false
    ) {
        Database::Options options;
        options.is_guest = is_guest;
        options.dir = dir_.path();
        options.max_queued_writes = max_queued_writes;
        options.max_log_pages = max_log_pages_;
        options.reserve_bytes = reserve_bytes;
        return Database::open(options, clock_, pool_);
    }

    Result<std::shared_ptr<Database>> open_as_guest() { return open(100, 0, true); }
    std::shared_ptr<Database> open_for_guests() {
        auto db = open().value();
        db->claim().let_guests_in();
        return db;
    }

    int max_log_pages_ = 16'000;
    tests::TempDir dir_;
    SystemClock clock_;
    Pool pool_{"test", 2};
};

Result<void> add_bucket(Connection& db, const std::string& name) {
    CHECK_OK(db.run("INSERT INTO buckets VALUES (?, 0, 0)", name));
    return {};
}
Result<void> add(Database& db, const std::string& name) {
    auto insert = [&name](Connection& c) { return add_bucket(c, name); };
    return run_task(db.write(std::move(insert)));
}
std::int64_t count(Database& db) {
    auto look = [](Connection& c) { return c.integer("SELECT count(*) FROM buckets"); };
    return run_task(db.read(std::move(look))).value();
}

TEST_F(DatabaseTest, AWriteIsSeenByTheNextRead) {
    const auto db = open().value();
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(add(*db, "b" + std::to_string(i)));
        EXPECT_EQ(count(*db), i + 1);
    }
}

TEST_F(DatabaseTest, ASecondOpenIsRefusedAndNamesTheProcess) {
    const auto first = open();
    ASSERT_TRUE(first);
    const auto second = open();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::kFailedPrecondition);
    EXPECT_EQ(second.error().reason, "locked");
    EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
}

TEST_F(DatabaseTest, TheLockEndsWithItsOwner) {
    open().value().reset();
    EXPECT_TRUE(open());
}

TEST_F(DatabaseTest, OwnerAndGuestsReadAndWriteBesideEachOther) {
    const auto owner = open_for_guests();
    const auto guest = open_as_guest().value();
    const auto other = open_as_guest().value();
    ASSERT_TRUE(add(*owner, "of-owner"));
    ASSERT_TRUE(add(*guest, "of-guest"));
    std::vector<std::thread> writers;
    for (const auto& db : {owner, guest, other}) {
        writers.emplace_back([db] {
            for (int i = 0; i < 50; ++i)
                EXPECT_TRUE(add(*db, fmt::format("{}-{}", static_cast<void*>(db.get()), i)));
        });
    }
    for (auto& writer : writers) writer.join();
    for (const auto& db : {owner, guest, other}) EXPECT_EQ(count(*db), 152);
}

TEST_F(DatabaseTest, AGuestNeedsSomethingToBeAGuestOf) {
    const auto guest = open_as_guest();
    ASSERT_FALSE(guest);
    EXPECT_EQ(guest.error().code, Errc::kNotFound);
    EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

TEST_F(DatabaseTest, AGuestWaitsForAnOwnerThatBegins) {
    const auto owner = open().value();
    auto guest = std::async(std::launch::async, [this] { return open_as_guest(); });
    EXPECT_EQ(guest.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
    owner->claim().let_guests_in();
    EXPECT_TRUE(guest.get());
}

TEST_F(DatabaseTest, AnOwnerThatFindsGuestsIsNotAlone) {
    auto owner = open_for_guests();
    auto guest = open_as_guest().value();
    owner.reset();
    owner = open().value();
    EXPECT_FALSE(owner->claim().is_alone());
    guest.reset();
    owner.reset();
    EXPECT_TRUE(open().value()->claim().is_alone());
}

TEST_F(DatabaseTest, TheSchemaIsNotChangedUnderGuests) {
    auto owner = open_for_guests();
    const auto guest = open_as_guest().value();
    auto pretend = [](Connection& c) -> Result<void> {
        CHECK_OK(
            c.run("DELETE FROM schema_migrations WHERE number = "
                  "(SELECT max(number) FROM schema_migrations)")
        );
        return {};
    };
    ASSERT_TRUE(run_task(owner->write(std::move(pretend))));
    owner.reset();
    for (const auto& refused : {open(), open_as_guest()}) {
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::kFailedPrecondition);
        EXPECT_EQ(refused.error().reason, "older_schema");
    }
}

TEST_F(DatabaseTest, ANewerSchemaIsRefusedUntouched) {
    auto db = open().value();
    auto pretend = [](Connection& c) -> Result<void> {
        CHECK_OK(c.run("INSERT INTO schema_migrations VALUES (9999, 'future', 0)"));
        return {};
    };
    ASSERT_TRUE(run_task(db->write(std::move(pretend))));
    db.reset();
    const auto again = open();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::kFailedPrecondition);
    EXPECT_EQ(again.error().reason, "newer_schema");
    EXPECT_NE(again.error().message.find("9999"), std::string::npos);
}

TEST_F(DatabaseTest, AWriteThatFailsLeavesNothingAndHarmsNobody) {
    const auto db = open().value();
    std::vector<std::jthread> threads;
    std::atomic<int> failed = 0;
    for (int i = 0; i < 32; ++i) {
        threads.emplace_back([&, i] {
            auto write = [i](Connection& c) -> Result<void> {
                CHECK_OK(add_bucket(c, "b" + std::to_string(i)));
                if (i % 2 == 0) return fail(Errc::kCorrupt, "changed my mind");
                return {};
            };
            const auto result = run_task(db->write(std::move(write)));
            if (!result && result.error().code == Errc::kCorrupt) ++failed;
        });
    }
    threads.clear();
    EXPECT_EQ(failed, 16);
    EXPECT_EQ(count(*db), 16);
}

TEST_F(DatabaseTest, AnExceptionIsAnErrorOfItsOwnWriteOnly) {
    const auto db = open().value();
    auto throwing = [](Connection& c) -> Result<void> {
        CHECK_OK(add_bucket(c, "half"));
        throw std::runtime_error("a bug");
    };
    const auto result = run_task(db->write(std::move(throwing)));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kInternal);
    EXPECT_EQ(count(*db), 0);
    EXPECT_TRUE(add(*db, "good"));
}

TEST_F(DatabaseTest, AFullQueueRefusesAtOnce) {
    const auto db = open(2).value();
    std::promise<void> gate;
    std::promise<void> reached;
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
        auto wait = [&](Connection&) -> Result<void> {
            reached.set_value();
            gate.get_future().wait();
            return {};
        };
        EXPECT_TRUE(run_task(db->write(std::move(wait))));
    });
    reached.get_future().wait();
    std::atomic<int> refused = 0;
    for (int i = 0; i < 10; ++i) {
        threads.emplace_back([&, i] {
            const auto result = add(*db, "b" + std::to_string(i));
            if (!result && result.error().code == Errc::kOverloaded) ++refused;
        });
    }
    for (int i = 0; i < 10'000 && refused < 8; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    gate.set_value();
    threads.clear();
    EXPECT_EQ(refused, 8);
    EXPECT_EQ(count(*db), 2);
}

TEST_F(DatabaseTest, AFullDiskIsNoSpaceAndEndsByItself) {
    const auto db = open().value();
    const auto limit_pages = [&](const char* pragma) {
        auto set = [pragma](Connection& c) { return c.script(pragma); };
        return run_task(db->write(std::move(set)));
    };
    const auto add_much = [&] {
        auto insert = [](Connection& c) -> Result<void> {
            CHECK_OK(c.run(
                "INSERT INTO messages (body, sent_ms) VALUES (?, 0)", std::string(500'000, 'x')
            ));
            return {};
        };
        return run_task(db->write(std::move(insert)));
    };
    ASSERT_TRUE(add_much());
    ASSERT_TRUE(limit_pages("PRAGMA max_page_count = 1"));  // what it has now
    const auto full = add_much();
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Errc::kNoSpace);
    EXPECT_EQ(count(*db), 0);  // reads go on
    ASSERT_TRUE(limit_pages("PRAGMA max_page_count = 1000000"));
    EXPECT_TRUE(add_much());
}

TEST_F(DatabaseTest, OnANearlyFullDiskOnlyNewWorkIsRefused) {
    const auto db = open(100, 1ULL << 60).value();  // more than any disk has free
    auto insert = [](Connection& c) { return add_bucket(c, "new"); };
    const auto refused = run_task(db->write(std::move(insert), Purpose::kNewWork));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kNoSpace);
    EXPECT_TRUE(add(*db, "old"));
    EXPECT_EQ(count(*db), 1);
}

TEST_F(DatabaseTest, AFullDiskTakesTheReserveAndRoomBringsItBack) {
    const auto db = open(100, 1 << 20).value();
    const auto reserve = dir_.path() / "reserve";
    EXPECT_EQ(std::filesystem::file_size(reserve), 1U << 20);
    auto full = [](Connection& c) -> Result<void> {
        CHECK_OK(c.script("PRAGMA max_page_count = 1"));
        auto much =
            c.run("INSERT INTO messages (body, sent_ms) VALUES (?, 0)", std::string(500'000, 'x'));
        CHECK_OK(c.script("PRAGMA max_page_count = 1000000"));
        if (!much) return std::unexpected(much.error());
        return {};
    };
    EXPECT_EQ(run_task(db->write(std::move(full))).error().code, Errc::kNoSpace);
    EXPECT_FALSE(std::filesystem::exists(reserve));
    for (int i = 0; i < 1'000 && !std::filesystem::exists(reserve); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        ASSERT_TRUE(add(*db, "b" + std::to_string(i)));
    }
    EXPECT_EQ(std::filesystem::file_size(reserve), 1U << 20);
}

TEST_F(DatabaseTest, AfterAFailedSyncNothingIsWrittenUntilARestart) {
    auto db = open().value();
    ASSERT_TRUE(add(*db, "before"));
    EXPECT_EQ(db->health()->sync_failed("test").code, Errc::kReadOnly);
    for (int i = 0; i < 3; ++i) {
        const auto refused = add(*db, "after");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::kReadOnly);
    }
    EXPECT_EQ(count(*db), 1);
    db.reset();
    db = open().value();
    EXPECT_EQ(count(*db), 1);
    EXPECT_TRUE(add(*db, "after"));
}

TEST_F(DatabaseTest, TheLogIsTidiedUpWhileWritesGoOn) {
    const auto db = open().value();
    const auto log = dir_.path() / "pixgate.db-wal";
    for (int i = 0; i < 400; ++i) {
        auto insert = [](Connection& c) -> Result<void> {
            CHECK_OK(c.run(
                "INSERT INTO messages (body, sent_ms) VALUES (?, 0)", std::string(100'000, 'x')
            ));
            return {};
        };
        ASSERT_TRUE(run_task(db->write(std::move(insert))));
    }
    // 40 MB went through it.
    EXPECT_LT(std::filesystem::file_size(log), 20U << 20);
}

// Reads that overlap all the time: there is no moment at which nobody needs the log.
TEST_F(DatabaseTest, TheLogStaysBoundedUnderOverlappingReads) {
    max_log_pages_ = 2'000;
    const auto db = open().value();
    std::atomic<int> begun = 0;
    std::atomic<bool> is_over = false;
    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i) {
        readers.emplace_back([&] {
            auto look = [&](Connection& c) -> Result<std::int64_t> {
                TRY(const auto n, c.integer("SELECT count(*) FROM buckets"));
                // Until the next has begun; but none may begin while the writer waits for this one.
                const int mine = ++begun;
                for (int i = 0; i < 20 && begun == mine; ++i) {
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
                return n;
            };
            while (!is_over) EXPECT_TRUE(db->read_now(look));
        });
    }
    std::uintmax_t largest = 0;
    for (int i = 0; i < 300; ++i) {
        auto insert = [](Connection& c) -> Result<void> {
            CHECK_OK(c.run(
                "INSERT INTO messages (body, sent_ms) VALUES (?, 0)", std::string(200'000, 'x')
            ));
            return {};
        };
        EXPECT_TRUE(run_task(db->write(std::move(insert))));
        largest = std::max(largest, std::filesystem::file_size(dir_.path() / "pixgate.db-wal"));
    }
    is_over = true;
    readers.clear();
    // 60 MB went through it.
    EXPECT_LT(largest, 12U << 20);
}

TEST_F(DatabaseTest, ClosingFinishesWhatWaitsAndTakesNoMore) {
    const auto db = open().value();
    std::promise<void> gate;
    std::promise<void> reached;
    std::jthread slow([&] {
        auto wait = [&](Connection& c) -> Result<void> {
            reached.set_value();
            gate.get_future().wait();
            return add_bucket(c, "under way");
        };
        EXPECT_TRUE(run_task(db->write(std::move(wait))));
    });
    reached.get_future().wait();
    auto closed = std::async(std::launch::async, [&] { db->close(); });
    gate.set_value();
    closed.wait();
    slow.join();
    const auto refused = add(*db, "too late");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kCancelled);
    EXPECT_EQ(count(*db), 1);
}

TEST_F(DatabaseTest, OnlyARowThatIsThereAlreadyIsAlreadyThere) {
    const auto db = open().value();
    ASSERT_TRUE(add(*db, "b"));
    EXPECT_EQ(add(*db, "b").error().code, Errc::kAlreadyExists);
    auto insert = [](Connection& c) -> Result<void> {
        CHECK_OK(c.run("INSERT INTO buckets VALUES ('other', NULL, 0)"));
        return {};
    };
    EXPECT_EQ(run_task(db->write(std::move(insert))).error().code, Errc::kInternal);
}

TEST_F(DatabaseTest, WaitersHearOfCommitsOfTheirTopicOnly) {
    const auto db = open().value();
    const auto events = db->changed(Topic::kEvents).version();
    const auto feed = db->changed(Topic::kFeed).version();
    auto announce = [](Connection& c) -> Result<void> {
        c.announce(Topic::kFeed);
        return {};
    };
    ASSERT_TRUE(run_task(db->write(std::move(announce))));
    EXPECT_GT(db->changed(Topic::kFeed).version(), feed);
    EXPECT_EQ(db->changed(Topic::kEvents).version(), events);
}

}  // namespace
}  // namespace pixgate::embedded
