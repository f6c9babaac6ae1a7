#include "adapters/embedded/object_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "adapters/embedded/volume_health.h"
#include "tests/support/temp_dir.h"

namespace pixgate::embedded {
namespace {

namespace fs = std::filesystem;

class EmbeddedStoreTest : public testing::Test {
protected:
    EmbeddedStoreTest() {
        config_.data_dir = dir_.path();
        config_.min_free_bytes = 0;
    }
    ~EmbeddedStoreTest() override { close(); }

    void open() {
        pool_ = std::make_unique<Pool>("test", 2);
        auto opened = embedded::open(config_, clock_, *pool_);
        ASSERT_TRUE(opened) << opened.error().message;
        adapters_ = *std::move(opened);
        const auto made = run_task(adapters_.buckets->create("bucket", true));
        ASSERT_TRUE(made || made.error().code == Errc::kAlreadyExists);
    }
    void close() {
        if (pool_) pool_->join();
        adapters_ = {};
    }

    Result<ObjectInfo> put(const std::string& key, std::string text) {
        const auto body = make_text_body(std::move(text));
        return run_task(adapters_.store->put("bucket", key, *body, {}));
    }
    Result<std::unique_ptr<ObjectReader>> get(const std::string& key) {
        return run_task(adapters_.store->get("bucket", key));
    }
    std::vector<fs::path> bodies() {
        std::vector<fs::path> out;
        for (const auto& entry : fs::recursive_directory_iterator(dir_.path() / "objects")) {
            if (entry.is_regular_file()) out.push_back(entry.path());
        }
        return out;
    }
    template <class Condition>
    bool comes_true(Condition condition) {
        for (int i = 0; i < 10'000 && !condition(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return condition();
    }

    tests::TempDir dir_;
    SystemClock clock_;
    Config config_;
    std::unique_ptr<Pool> pool_;
    Adapters adapters_;
};

TEST_F(EmbeddedStoreTest, ABodyOnItsWayInFromAGuestOutlivesAStartOfTheOwner) {
    open();
    Pool guests_pool("guest", 1);
    Config of_guest = config_;
    of_guest.is_guest = true;
    auto guest = embedded::open(of_guest, clock_, guests_pool).value();
    const fs::path incoming = dir_.path() / "tmp" / std::string(32, 'a');
    const fs::path renamed = dir_.path() / "objects" / "bb" / std::string(32, 'b');
    fs::create_directories(renamed.parent_path());
    for (const auto& path : {incoming, renamed}) std::ofstream(path) << "not in the index yet";
    close();
    open();
    // A sweep, if there were one, would be over long before as many writes are.
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(put("k" + std::to_string(i), "x"));
    EXPECT_TRUE(fs::exists(incoming) && fs::exists(renamed));
    guests_pool.join();
    guest = {};
    close();
    open();
    EXPECT_TRUE(comes_true([&] { return !fs::exists(incoming) && !fs::exists(renamed); }));
}

TEST_F(EmbeddedStoreTest, NamesOfFilesSayNothingAndNobodyElseMayRead) {
    open();
    ASSERT_TRUE(put("../secret.jpg", "x"));
    const auto files = bodies();
    ASSERT_EQ(files.size(), 1U);
    const std::string name = files[0].filename();
    EXPECT_EQ(name.size(), 32U);
    EXPECT_EQ(name.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(files[0].parent_path().filename(), name.substr(30));
    for (const auto& [path, mode] : std::vector<std::pair<fs::path, unsigned>>{
             {files[0], 0600}, {dir_.path(), 0700}, {dir_.path() / "pixgate.db", 0600}
         }) {
        struct stat info{};
        ASSERT_EQ(::stat(path.c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0777, mode) << path;
    }
}

TEST_F(EmbeddedStoreTest, TheOpenFileIsTheBody) {
    open();
    ASSERT_TRUE(put("k", "0123456789"));
    const auto reader = get("k").value();
    for (int i = 0; i < 2; ++i) {
        const auto file = reader->file();
        char text[20];
        ASSERT_EQ(::read(file.get(), text, sizeof text), 10);
        EXPECT_EQ(std::string_view(text, 10), "0123456789");
    }
}

TEST_F(EmbeddedStoreTest, ReplacedAndRemovedBodiesGoAway) {
    open();
    ASSERT_TRUE(put("k", "one"));
    ASSERT_TRUE(put("k", "two"));
    EXPECT_TRUE(comes_true([&] { return bodies().size() == 1; }));
    ASSERT_TRUE(run_task(adapters_.store->remove("bucket", "k", std::nullopt)));
    EXPECT_TRUE(comes_true([&] { return bodies().empty(); }));
}

TEST_F(EmbeddedStoreTest, LeftoversOfACrashAreSweptAtTheStartAndNothingElse) {
    open();
    ASSERT_TRUE(put("kept", "hello"));
    const auto kept = bodies().at(0);
    close();
    const auto orphan =
        kept.parent_path() / (std::string(30, 'a') + kept.filename().string().substr(30));
    const auto young =
        kept.parent_path() / (std::string(30, 'b') + kept.filename().string().substr(30));
    const auto foreign = kept.parent_path() / "README";
    const auto temp = dir_.path() / "tmp" / "half";
    const auto hour = std::chrono::hours(1);
    for (const auto& path : {orphan, young, foreign, temp}) {
        std::ofstream(path) << "leftover";
        fs::last_write_time(path, fs::file_time_type::clock::now() - hour);
    }
    fs::last_write_time(young, fs::file_time_type::clock::now() + hour);
    open();
    EXPECT_FALSE(fs::exists(temp));
    EXPECT_TRUE(comes_true([&] { return !fs::exists(orphan); }));
    EXPECT_TRUE(fs::exists(kept));
    EXPECT_TRUE(fs::exists(young));
    EXPECT_TRUE(fs::exists(foreign));
    EXPECT_TRUE(get("kept"));
}

TEST_F(EmbeddedStoreTest, ADamagedBodyIsToldNotServed) {
    open();
    ASSERT_TRUE(put("short", "hello"));
    fs::resize_file(bodies().at(0), 3);
    EXPECT_EQ(get("short").error().code, Errc::kCorrupt);
    fs::remove(bodies().at(0));
    EXPECT_EQ(get("short").error().code, Errc::kCorrupt);
}

TEST_F(EmbeddedStoreTest, ABodyThatShrinksWhileReadIsToldNotPadded) {
    open();
    ASSERT_TRUE(put("k", std::string(600'000, 'x')));
    const auto reader = get("k").value();
    const auto body = reader->body(0, 600'000);
    ASSERT_TRUE(run_task(body->next()));
    fs::resize_file(bodies().at(0), 300'000);
    EXPECT_EQ(run_task(read_all(*body, 1 << 20)).error().code, Errc::kCorrupt);
}

TEST_F(EmbeddedStoreTest, BelowTheFloorPutsAreRefusedAndReadsGoOn) {
    open();
    ASSERT_TRUE(put("k", "hello"));
    close();
    config_.min_free_bytes = 1ULL << 60;
    open();
    const auto refused = put("k2", "hello");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kNoSpace);
    EXPECT_TRUE(get("k"));
    EXPECT_TRUE(run_task(adapters_.store->remove("bucket", "k", std::nullopt)));
    EXPECT_FALSE(fs::exists(dir_.path() / "tmp" / "half"));
}

// Near 2^64 the sum of floor and size would wrap.
TEST_F(EmbeddedStoreTest, AnAnnouncedSizeThatNoDiskHasIsRefusedBeforeTheFirstByte) {
    class Announced : public BodySource {
    public:
        Task<Result<ByteView>> next() override {
            static constexpr std::byte kPiece[1] = {};
            if (std::exchange(is_asked_, true)) {
                ADD_FAILURE() << "a second piece was taken";
                co_return fail(Errc::kInternal, "not wanted");
            }
            co_return ByteView(kPiece);
        }
        std::optional<std::uint64_t> length() const override { return ~std::uint64_t{0}; }

    private:
        bool is_asked_ = false;
    };
    open();
    Announced body;
    const auto refused = run_task(adapters_.store->put("bucket", "k", body, {}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kNoSpace);
}

TEST_F(EmbeddedStoreTest, AfterAFailedSyncPutsAreRefusedAndReadsGoOn) {
    open();
    ASSERT_TRUE(put("k", "hello"));
    adapters_.database->health()->sync_failed("test");
    EXPECT_TRUE(adapters_.health->is_read_only());
    EXPECT_EQ(put("k2", "hello").error().code, Errc::kReadOnly);
    EXPECT_TRUE(get("k"));
}

TEST_F(EmbeddedStoreTest, AVolumeThatWentReadOnlyIsAnAlertUntilItIsSaid) {
    open();
    Alert earlier;
    earlier.kind = "image_stuck";
    ASSERT_TRUE(run_task(adapters_.alerts->raise(earlier)));
    adapters_.database->health()->sync_failed("test");
    const auto alerts = run_task(adapters_.alerts->pending(10)).value();
    ASSERT_EQ(alerts.size(), 2U);
    EXPECT_EQ(alerts[0].kind, "image_stuck");
    EXPECT_EQ(alerts[1].kind, "volume_read_only");
    EXPECT_GT(alerts[1].seq, alerts[0].seq);
    ASSERT_TRUE(run_task(adapters_.alerts->mark_said(alerts[0].seq)));
    EXPECT_EQ(run_task(adapters_.alerts->pending(10))->size(), 1U);
    ASSERT_TRUE(run_task(adapters_.alerts->mark_said(alerts[1].seq)));
    EXPECT_TRUE(run_task(adapters_.alerts->pending(10))->empty());
    close();
    open();
    // What could not be marked is said again.
    EXPECT_EQ(run_task(adapters_.alerts->pending(10))->size(), 1U);
}

TEST_F(EmbeddedStoreTest, TooManyUnhandledEventsRefusePuts) {
    config_.max_events = 2;
    open();
    ASSERT_TRUE(put("a", "x"));
    ASSERT_TRUE(put("b", "x"));
    const auto refused = put("c", "x");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kOverloaded);
    EXPECT_TRUE(run_task(adapters_.store->remove("bucket", "a", std::nullopt)));
    EXPECT_TRUE(comes_true([&] { return bodies().size() == 1; }));
}

}  // namespace
}  // namespace pixgate::embedded
