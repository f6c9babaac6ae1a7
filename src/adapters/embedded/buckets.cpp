#include "adapters/embedded/object_store.h"

namespace pixgate::embedded {

namespace {

class EmbeddedBuckets : public Buckets {
public:
    EmbeddedBuckets(std::shared_ptr<Database> database, const Clock& clock)
        : db_(std::move(database)), clock_(clock) {}

    Task<Result<void>> create(std::string name, bool raises_events) override {
        auto add = [&](Connection& db) -> Result<void> {
            TRY(const auto n, db.run(
                                  "INSERT OR IGNORE INTO buckets VALUES (?, ?, ?)", name,
                                  raises_events, clock_.now()
                              ));
            if (n == 0) return fail(Errc::kAlreadyExists, "the bucket exists already");
            return {};
        };
        co_return co_await db_->write(std::move(add));
    }

    Task<Result<BucketInfo>> find(std::string name) override {
        auto look = [&](Connection& db) -> Result<BucketInfo> {
            TRY(auto rows, db.query("SELECT created_ms FROM buckets WHERE name = ?", name));
            TRY(const bool found, rows.next());
            if (!found) return fail(Errc::kNotFound, "no such bucket", "bucket");
            return BucketInfo{name, rows.time(0)};
        };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<std::vector<BucketInfo>>> list() override {
        auto look = [](Connection& db) -> Result<std::vector<BucketInfo>> {
            std::vector<BucketInfo> out;
            TRY(auto rows, db.query("SELECT name, created_ms FROM buckets ORDER BY name"));
            for (;;) {
                TRY(const bool more, rows.next());
                if (!more) return out;
                out.push_back({rows.text(0), rows.time(1)});
            }
        };
        co_return co_await db_->read(std::move(look));
    }

private:
    std::shared_ptr<Database> db_;
    const Clock& clock_;
};

}  // namespace

std::unique_ptr<Buckets> make_buckets(std::shared_ptr<Database> database, const Clock& clock) {
    return std::make_unique<EmbeddedBuckets>(std::move(database), clock);
}

}  // namespace pixgate::embedded
