// The function: an object was stored. Looks at the bytes in the sandbox, stores what was made of
// them (renditions, presets) and puts the verdict on the queue; or, for objects of no image, says
// so. Called by roles/function for each record of an event. Safe from several loops at once.
#pragma once

#include <functional>

#include "core/message.h"
#include "flow/issue_upload.h"
#include "flow/poison_list.h"
#include "flow/products.h"
#include "imaging/types.h"
#include "ports/alerts.h"
#include "ports/object_store.h"
#include "ports/queue.h"

namespace pixgate {

// What the picture is held to.
struct VerifyJob {
    std::string declared_type;  // what the sender said; the bytes must agree
    std::vector<std::string> allowed_types;
    imaging::Limits limits;
    Verify mode = Verify::kDecode;
};
struct Verified {
    imaging::Refusal refusal = imaging::Refusal::kNone;
    imaging::Facts facts;  // where not refused
};
// Looks at one picture, once; blocks, so it is called on a pool. In production: the sandbox.
//   errors  kCrashed (reasons as in imaging/imaging.h) and kDeadlineExceeded: the picture's fault,
//           maybe. Others: nobody could look at it.
using VerifyPicture =
    std::function<Result<Verified>(int input_fd, std::uint64_t size_bytes, const VerifyJob& job)>;

// The same look, and on the way everything that is made of a good picture: one decode. Blocks and
// fails as VerifyPicture.
using PreparePicture = std::function<Result<imaging::PrepareAnswer>(
    int input_fd,
    std::uint64_t size_bytes,
    const VerifyJob& job,
    const std::vector<WantedProduct>& products
)>;

// The bytes without the place where the picture was taken. Blocks and fails as VerifyPicture.
using StripLocation = std::function<Result<imaging::StripAnswer>(
    int input_fd, std::uint64_t size_bytes, const imaging::Limits& limits
)>;

inline constexpr std::uint32_t kMaxThumbnailSidePx = 4'096;

struct OnStored {
    ObjectStore& store;
    Queue& queue;
    Catalog& catalog;
    AlertLog& alerts;
    VerifyPicture verify;    // headers, and thumbnails
    PreparePicture prepare;  // originals that are decoded
    StripLocation strip;     // where the policy says so
    Pool& imaging_pool;
    UploadSigner& signer;  // for the object's URL
    const Policies& policies;
    PoisonList& poison;
    const Clock& clock;
    ProductRules product_rules{};

    // ok: a message is on the queue and all that it names is stored, or there was nothing to do
    // (other bucket, another version of the object is there, object or image gone, verdict known
    // already, removal). An object of a deleted image, sent while that was deleted, is removed. A
    // child that crashes or hangs is tried once more in a fresh child, then the verdict is
    // `quarantined` and an alert is raised: "sandbox_violation" where the child did what it may
    // not, else "image_quarantined".
    // Where the policy takes places out of pictures and this one says its place, the object is
    // replaced by one that does not, and the event of that brings the rest.
    //   errors  what may pass (the host retries): kUnavailable, kOverloaded, kNoSpace, kInternal …;
    //           no message is sent then, so no image becomes ready without its presets
    //   twice   safe: the catalog takes each object version once
    Task<Result<void>> run(StorageEvent event);

private:
    struct Opened;
    struct Verdict;
    struct Job;
    Task<Result<void>> remove_if_deleted(const StorageEvent& event, const ImageId& id);
    Task<Result<std::optional<Opened>>> open(const StorageEvent& event);
    // True where the object was replaced.
    Task<Result<bool>> take_place_out(
        const StorageEvent& event, const Opened& opened, const Job& job, const std::string& image_id
    );
    Task<Result<Verdict>> judge(Opened& opened, const Job& job, const std::string& image_id);
    Task<Result<Verdict>> quarantine(
        const ObjectInfo& object, const Error& error, const std::string& image_id
    );
    // Looks, and once more where the child crashed or hung.
    Task<Result<imaging::PrepareAnswer>> look(
        Opened& opened, const Job& job, const std::string& image_id
    );
    Job job_for(const Image& image, const ParsedKey& key, const ObjectInfo& object) const;
    const Policy& policy_of(const Image& image) const;
    Task<Result<RegisterMessage>> message_of(
        const Image& image, const ParsedKey& key, StorageEvent event, const Job& job, Opened& opened
    );
};

}  // namespace pixgate
