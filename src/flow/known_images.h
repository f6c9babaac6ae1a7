// What the edge knows of images: a look-up in the catalog holds for 2 s, so that a hot picture
// costs no query; one look-up per id at a time; and what was known goes on being served while the
// catalog is slow or down. Used by flow/deliver_image.
//
// What may be stale is only the answer to "is there a ready image of this id, and which version":
// variants themselves are named by version and never change. Deleted ids are remembered and win
// over every look-up that began earlier.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "flow/scan_resistant_cache.h"
#include "flow/single_flight.h"
#include "ports/catalog.h"

namespace pixgate {

struct FoundImage {
    std::shared_ptr<const Image> image;  // of any state but deleted
    // How long ago it should have been looked up again, where the catalog did not tell; 0: fresh.
    std::chrono::seconds stale_for{0};
    bool is_by_error = false;  // stale because the catalog failed; else because it is slow
};

class KnownImages : public std::enable_shared_from_this<KnownImages> {
public:
    struct Config {
        std::chrono::milliseconds lifetime{2'000};
        std::chrono::seconds stale_if_error{86'400};  // 0: never stale
        std::chrono::milliseconds slow{100};          // then what was known is served
        std::chrono::milliseconds look_up_limit{5'000};
        std::size_t max_images = 20'000;
        std::size_t max_waiters = 10'000;  // for the look-up of one image
    };
    struct Ports {
        Catalog& catalog;
        const Clock& clock;
        Metrics& metrics;
        std::function<void(std::string, Task<void>)> spawn;
        std::function<void(const ImageId&)> on_gone;  // it is not ready any more
    };
    KnownImages(Ports ports, Config config);

    // Only what is fresh, without waiting; null where it has to be looked up.
    std::shared_ptr<const Image> fresh(const ImageId& id);
    //   errors  kNotFound (absent or deleted), and of the catalog where nothing is known
    Task<Result<FoundImage>> find(ImageId id);

    void forget(const ImageId& id);  // the next one looks it up
    void bury(const ImageId& id);    // deleted: never found again

private:
    static constexpr std::size_t kShards = 16;
    static constexpr std::uint64_t kMaxBuried = 50'000;
    using Steady = std::chrono::steady_clock::time_point;

    struct Known {
        std::shared_ptr<const Image> image;  // null: absent
        Steady fresh_until;
        Steady stale_until;
        Steady patient_until;  // the catalog failed or was slow: it is not waited for until then
        bool is_by_error = false;  // the reason for it
    };
    struct Shard {
        explicit Shard(std::uint64_t max) : known({max}), buried({kMaxBuried / kShards}) {}
        std::mutex mutex;
        ScanResistantCache<Known> known;
        ScanResistantCache<bool> buried;
        // A look-up that began before a forget() must not bring the image back.
        std::uint64_t forget_count = 0;
    };
    using ImagePtr = std::shared_ptr<const Image>;

    Shard& shard_of(const ImageId& id);
    // By the memory only: found, absent, or to be looked up (nullopt).
    std::optional<Result<FoundImage>> recall(const ImageId& id, Known& known);
    // What is known of it is served without waiting, for a second.
    void be_patient(const ImageId& id, bool is_by_error);
    Result<FoundImage> stale(const ImageId& id, const Known& known, bool is_by_error);
    void remember(const ImageId& id, const Result<Image>& found, std::uint64_t forget_count);
    static Task<void> look_up(
        std::shared_ptr<KnownImages> self, SingleFlight<ImagePtr>::FlightPtr flight, ImageId id
    );

    Ports ports_;
    Config config_;
    std::vector<std::unique_ptr<Shard>> shards_;
    SingleFlight<ImagePtr> flights_;
    Counter& stale_by_error_;
    Counter& stale_by_slowness_;
    std::mutex log_mutex_;
    Steady next_log_{};
};

}  // namespace pixgate
