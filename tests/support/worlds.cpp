#include "tests/support/worlds.h"

#include <gtest/gtest.h>

#include "adapters/embedded/embedded.h"
#include "adapters/memory/memory.h"
#include "tests/support/temp_dir.h"

namespace pixgate::tests {

namespace {

template <class Adapters>
class AdaptersWorld : public World {
public:
    ObjectStore& store() override { return *adapters_.store; }
    Buckets& buckets() override { return *adapters_.buckets; }
    EventSource& events() override { return *adapters_.events; }
    Queue& queue() override { return *adapters_.queue; }
    Queue& preset_queue() override { return *adapters_.preset_queue; }
    DeadLetters& dead_letters() override { return *adapters_.dead_letters; }
    Catalog& catalog() override { return *adapters_.catalog; }
    AlertLog& alerts() override { return *adapters_.alerts; }
    Leases& leases() override { return *adapters_.leases; }
    PurgeOutbox& purges() override { return *adapters_.purges; }

protected:
    Adapters adapters_;
};

class MemoryWorld : public AdaptersWorld<memory::Adapters> {
public:
    MemoryWorld() { adapters_ = memory::make_adapters({.max_receives = kMaxReceives}, clock); }
};

class EmbeddedWorld : public AdaptersWorld<embedded::Adapters> {
public:
    EmbeddedWorld() { start(); }
    ~EmbeddedWorld() override { stop(); }

    void restart() override {
        stop();
        start();
    }

    std::size_t stray_files() override {
        std::size_t n = 0;
        for (const char* folder : {"tmp", "objects"}) {
            const auto path = dir_.path() / folder;
            for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
                n += entry.is_regular_file() ? 1U : 0U;
            }
        }
        return n;
    }

private:
    void start() {
        pool_ = std::make_unique<Pool>("test-blocking", 4);
        embedded::Config config;
        config.data_dir = dir_.path();
        config.max_receives = kMaxReceives;
        config.min_free_bytes = 0;
        auto opened = embedded::open(config, clock, *pool_);
        if (!opened) throw std::runtime_error(opened.error().message);
        adapters_ = *std::move(opened);
    }
    void stop() {
        pool_->join();
        adapters_ = {};
    }

    TempDir dir_;
    std::unique_ptr<Pool> pool_;
};

class CaseTest : public testing::Test {
public:
    CaseTest(WorldFactory factory, void (*run)(World&)) : factory_(std::move(factory)), run_(run) {}
    void TestBody() override {
        const auto world = factory_();
        run_(*world);
    }

private:
    WorldFactory factory_;
    void (*run_)(World&);
};

}  // namespace

std::unique_ptr<World> make_memory_world() {
    return std::make_unique<MemoryWorld>();
}
std::unique_ptr<World> make_embedded_world() {
    return std::make_unique<EmbeddedWorld>();
}

bool register_suite(
    const std::string& suite,
    const std::string& adapter,
    const WorldFactory& factory,
    std::span<const Case> cases
) {
    const std::string full = suite + "/" + adapter;
    for (const auto& c : cases) {
        testing::RegisterTest(
            full.c_str(), c.name, nullptr, nullptr, __FILE__, __LINE__,
            [factory, run = c.run]() -> testing::Test* { return new CaseTest(factory, run); }
        );
    }
    return true;
}

}  // namespace pixgate::tests
