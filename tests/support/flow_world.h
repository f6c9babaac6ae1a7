// Everything the flow needs, in memory, with a clock that tests move: memory adapters, a signer
// that makes readable URLs, a verifier that does what the body says.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/memory/memory.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "flow/delete_image.h"
#include "flow/issue_upload.h"
#include "flow/on_stored.h"

namespace pixgate::test {

class ReadableSigner : public UploadSigner {
public:
    Result<PresignedRequest> sign_put(const PutTarget& target, std::chrono::seconds lifetime)
        override;
    Result<PresignedRequest> sign_get(
        std::string bucket, std::string key, std::chrono::seconds lifetime
    ) override;
    std::string object_url(std::string_view bucket, std::string_view key) const override;
};

// Reads the body: "picture" is a JPEG of 640 x 480; "broken" is refused; "crash" and "hang" do so
// every time, "crash once" the first time only; "violation" does what it may not; "nobody" is a
// verifier that is away.
class BodyVerifier {
public:
    Result<Verified> operator()(int fd, std::uint64_t size_bytes, const VerifyJob& job);
    std::uint64_t calls() const { return calls_; }
    std::uint64_t crashes() const { return crashes_; }
    // All bodies are looked at as if the machine were healthy again.
    void heal() { is_healed_ = true; }

private:
    std::atomic<std::uint64_t> calls_ = 0;
    std::atomic<std::uint64_t> crashes_ = 0;
    std::atomic<bool> is_healed_ = false;
};

// The same bodies, and products: each as asked for, of the bytes "{name of the preset, or its
// longer side} of {first word of the body}". "picture without thumb" lacks that preset.
class BodyPreparer {
public:
    explicit BodyPreparer(BodyVerifier& verifier) : verifier_(verifier) {}
    Result<imaging::PrepareAnswer> operator()(
        int fd,
        std::uint64_t size_bytes,
        const VerifyJob& job,
        const std::vector<WantedProduct>& products
    );

private:
    BodyVerifier& verifier_;
};

// The place in these bodies is " at home"; "hang there" cannot be looked through.
Result<imaging::StripAnswer> strip_place(
    int fd, std::uint64_t size_bytes, const imaging::Limits& limits
);

// A notification with one record, and the records of one; both as S3 has them.
std::string event_json(const StorageEvent& event);
std::vector<StorageEvent> records_of(const std::string& json);

struct FlowWorld {
    explicit FlowWorld(memory::Config config = {});

    ManualClock clock;
    SystemIds ids;
    memory::Adapters adapters;
    ReadableSigner signer;
    BodyVerifier verifier;
    BodyPreparer preparer{verifier};
    Policies policies;
    PoisonList poison;
    Metrics metrics;
    Pool pool{"test-imaging", 2};
    IssueUpload issue_upload;
    OnStored on_stored;
    DeleteImage delete_image;

    static Caller client(std::string owner = "ann");
    static UploadRequest jpeg(std::string owner = "ann", std::uint64_t size_bytes = 1'000);

    // Permission for one picture; the test fails where it is refused.
    ImageId permit(const UploadRequest& request = jpeg());
    // A body under the image's key (or its thumbnail's); returns what the store says.
    ObjectInfo put(const ImageId& id, std::string body, std::string_view thumbnail = {});
    // One more image that has gone all the way: it has a "picture", and is ready.
    ImageId ready();
    // The event that the store raises for what is there.
    StorageEvent event_of(const ImageId& id, std::string_view thumbnail = {});
    Image image(const ImageId& id);
    // Takes the one message that is on the queue, and acknowledges it.
    RegisterMessage take_message();
    std::size_t queued();
    std::size_t stored_objects(std::string_view bucket);
};

}  // namespace pixgate::test
