#include "flow/on_stored.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "core/bucket.h"
#include "flow/delete_image.h"
#include "flow/object_file.h"

namespace pixgate {

struct OnStored::Opened {
    std::unique_ptr<ObjectReader> reader;
    ObjectInfo info;
};

struct OnStored::Verdict {
    ImageState state = ImageState::kReady;
    std::string reason;
    imaging::PrepareAnswer found;
};

struct OnStored::Job {
    VerifyJob verify;
    std::vector<WantedProduct> products;  // empty: the picture is verified only
    bool wants_presets_anew = false;
    bool strips_location = false;
    bool is_private = false;
};

namespace {

// True where this very object version has had its effect: a duplicate costs no decoding.
bool is_settled(const Image& image, const ParsedKey& key, const ObjectInfo& object) {
    using enum ImageState;
    if (key.thumbnail.empty()) {
        const bool has_verdict =
            image.state == kReady || image.state == kRejected || image.state == kQuarantined;
        return has_verdict && image.etag == object.etag;
    }
    return std::ranges::any_of(image.variants, [&](const Variant& variant) {
        return variant.name == key.thumbnail && variant.etag == object.etag;
    });
}

// A forbidden system call, or an answer that no child of ours gives.
bool is_violation(const Error& error) {
    return error.reason == "policy_violation" || error.reason == "bad_reply";
}

bool may_be_the_picture(const Error& error) {
    return error.code == Errc::kCrashed || error.code == Errc::kDeadlineExceeded;
}

std::string_view reason_of(const Error& error) {
    if (error.code != Errc::kCrashed) return "decoder_too_slow";
    return error.reason == "out_of_memory" ? "decoder_out_of_memory" : "decoder_crashed";
}

// In the metadata of what take_place_out() stored, so that it is never done twice. A sender cannot
// set it: metadata counts as signed or is refused.
constexpr std::string_view kPlaceMark = "pixgate-place", kPlaceRemoved = "removed";

bool has_lost_its_place(const ObjectInfo& object) {
    const auto mark = object.metadata.find(std::string(kPlaceMark));
    return mark != object.metadata.end() && mark->second == kPlaceRemoved;
}

// Of a failure that may be the picture's, a second try decides.
template <class Try>
auto try_twice(Try once, const ObjectInfo& object, const std::string& image_id) {
    auto result = once();
    if (result || !may_be_the_picture(result.error())) return result;
    log::failure(
        log::Level::kWarning, "looking at a picture failed, once more", result.error(),
        {{"image_id", image_id}, {"object", object.key}}
    );
    return once();
}

}  // namespace

Task<Result<void>> OnStored::remove_if_deleted(const StorageEvent& event, const ImageId& id) {
    CO_TRY(const bool is_deleted, co_await was_deleted(catalog, id, clock.now()));
    if (!is_deleted) {
        log::warning("object of an unknown image", {{"image_id", id.value}, {"object", event.key}});
        co_return Result<void>{};
    }
    log::info("object of a deleted image removed", {{"image_id", id.value}, {"object", event.key}});
    co_return co_await store.remove(event.bucket, event.key, std::nullopt);
}

Task<Result<std::optional<OnStored::Opened>>> OnStored::open(const StorageEvent& event) {
    auto got = co_await store.get(event.bucket, event.key);
    if (!got && got.error().code == Errc::kNotFound && got.error().reason != "bucket") {
        log::info("object gone before its event", {{"object", event.key}});
        co_return std::nullopt;
    }
    if (!got && got.error().code == Errc::kNotFound) {
        co_return fail(Errc::kUnavailable, "bucket " + event.bucket + " is gone");
    }
    CO_TRY(auto reader, std::move(got));
    Opened opened{.reader = std::move(reader), .info = {}};
    opened.info = opened.reader->info();
    if (!event.etag.empty() && opened.info.etag != event.etag) {
        log::info("event of an older object", {{"object", event.key}, {"etag", event.etag}});
        co_return std::nullopt;
    }
    co_return opened;
}

const Policy& OnStored::policy_of(const Image& image) const {
    auto policy = policies.find(image.policy);
    if (policy == policies.end()) {
        log::warning(
            "policy of an image is gone, the default is used",
            {{"image_id", image.id.value}, {"policy", image.policy}}
        );
        policy = policies.find("default");
    }
    if (policy != policies.end()) return policy->second;
    static const Policy kNothing = [] {
        Policy none;
        none.allowed_types.clear();  // no policy at all: nothing is allowed
        return none;
    }();
    return kNothing;
}

OnStored::Job OnStored::job_for(const Image& image, const ParsedKey& key, const ObjectInfo& object)
    const {
    const Policy& rules = policy_of(image);
    Job out;
    VerifyJob& job = out.verify;
    job = {
        .declared_type = key.thumbnail.empty() ? image.declared_type : object.content_type,
        .allowed_types = rules.allowed_types,
        .limits = {},
        .mode = rules.verify
    };
    job.limits.max_bytes = rules.max_bytes;
    job.limits.max_pixels = rules.max_pixels;
    job.limits.max_total_pixels = std::max(job.limits.max_total_pixels, rules.max_pixels);
    job.limits.max_side_px = rules.max_side_px;
    job.limits.max_frames = rules.max_frames;
    if (!key.thumbnail.empty()) {
        job.limits.max_bytes = rules.max_thumbnail_bytes;
        job.limits.max_side_px = std::min(rules.max_side_px, kMaxThumbnailSidePx);
    }
    if (prepare && key.thumbnail.empty() && rules.verify == Verify::kDecode) {
        out.products = wanted_renditions();
        const auto forms = presets_of(rules, product_rules.presets);
        std::ranges::move(
            wanted_presets(forms, rules.preset_effort), std::back_inserter(out.products)
        );
        out.wants_presets_anew = !forms.empty() && rules.makes_presets_anew();
    }
    out.strips_location = rules.strip_location;
    out.is_private = rules.visibility == Visibility::kPrivate;
    return out;
}

Task<Result<OnStored::Verdict>> OnStored::quarantine(
    const ObjectInfo& object, const Error& error, const std::string& image_id
) {
    Verdict verdict{.state = ImageState::kQuarantined, .reason = {}, .found = {}};
    verdict.reason = reason_of(error);
    Alert alert{
        .kind = is_violation(error) ? "sandbox_violation" : "image_quarantined",
        .cause = is_violation(error) ? error.reason : verdict.reason,
        .text = fmt::format("object {}: {}", object.key, error.message),
        .image_id = image_id,
        .at = clock.now()
    };
    // Before the message is sent: with the verdict written, a retry would not come here again.
    CO_CHECK(co_await alerts.raise(std::move(alert)));
    poison.remember(object, verdict.reason);
    co_return verdict;
}

Task<Result<bool>> OnStored::take_place_out(
    const StorageEvent& event, const Opened& opened, const Job& job, const std::string& image_id
) {
    const auto& info = opened.info;
    const bool is_refused_anyway =
        info.size_bytes == 0 || info.size_bytes > job.verify.limits.max_bytes || poison.find(info);
    if (!job.strips_location || is_refused_anyway || has_lost_its_place(info)) co_return false;
    CO_TRY(const UniqueFd file, co_await open_as_file(*opened.reader));
    auto once = [&] { return strip(file.get(), info.size_bytes, job.verify.limits); };
    auto work = [&] { return try_twice(once, info, image_id); };
    auto stripped = co_await offload(imaging_pool, std::move(work));
    if (!stripped && may_be_the_picture(stripped.error())) {
        CO_TRY(
            [[maybe_unused]] const auto verdict,
            co_await quarantine(info, stripped.error(), image_id)
        );
        co_return false;  // the content is known now, and gets this verdict where it is judged
    }
    CO_TRY(auto answer, std::move(stripped));
    if (!answer.file) co_return false;
    PutOptions options;
    options.content_type = info.content_type;
    options.headers = info.headers;
    options.metadata = info.metadata;
    options.metadata.insert_or_assign(std::string(kPlaceMark), std::string(kPlaceRemoved));
    options.if_match = info.etag;
    const auto body = make_file_body(std::move(answer.file), answer.size_bytes);
    const auto put = co_await store.put(event.bucket, event.key, *body, std::move(options));
    // Replaced or removed meanwhile: that has an event of its own.
    const bool is_gone =
        !put && (put.error().code == Errc::kFailedPrecondition ||
                 (put.error().code == Errc::kNotFound && put.error().reason != "bucket"));
    if (!put && !is_gone) co_return std::unexpected(put.error());
    co_return true;
}

Task<Result<imaging::PrepareAnswer>> OnStored::look(
    Opened& opened, const Job& job, const std::string& image_id
) {
    CO_TRY(const UniqueFd file, co_await open_as_file(*opened.reader));
    const auto size_bytes = opened.info.size_bytes;
    auto once = [&]() -> Result<imaging::PrepareAnswer> {
        if (!job.products.empty()) return prepare(file.get(), size_bytes, job.verify, job.products);
        TRY(const auto verified, verify(file.get(), size_bytes, job.verify));
        imaging::PrepareAnswer answer;
        answer.refusal = verified.refusal;
        answer.facts = verified.facts;
        return answer;
    };
    auto work = [&] { return try_twice(once, opened.info, image_id); };
    co_return co_await offload(imaging_pool, std::move(work));
}

Task<Result<OnStored::Verdict>> OnStored::judge(
    Opened& opened, const Job& job, const std::string& image_id
) {
    const auto refuse = [](imaging::Refusal refusal) {
        return Verdict{
            .state = ImageState::kRejected,
            .reason = std::string(imaging::code_of(refusal)),
            .found = {}
        };
    };
    if (opened.info.size_bytes == 0) co_return refuse(imaging::Refusal::kEmpty);
    if (opened.info.size_bytes > job.verify.limits.max_bytes) {
        co_return refuse(imaging::Refusal::kTooManyBytes);
    }
    if (auto reason = poison.find(opened.info)) {
        co_return Verdict{
            .state = ImageState::kQuarantined, .reason = *std::move(reason), .found = {}
        };
    }
    auto answer = co_await look(opened, job, image_id);
    if (!answer && may_be_the_picture(answer.error())) {
        co_return co_await quarantine(opened.info, answer.error(), image_id);
    }
    CO_TRY(auto found, std::move(answer));
    if (found.refusal != imaging::Refusal::kNone) co_return refuse(found.refusal);
    co_return Verdict{.state = ImageState::kReady, .reason = {}, .found = std::move(found)};
}

Task<Result<RegisterMessage>> OnStored::message_of(
    const Image& image, const ParsedKey& key, StorageEvent event, const Job& job, Opened& opened
) {
    CO_TRY(auto verdict, co_await judge(opened, job, image.id.value));
    event.etag = opened.info.etag;
    event.size_bytes = opened.info.size_bytes;
    if (event.sequencer.empty()) event.sequencer = opened.info.sequencer;
    RegisterMessage message;
    message.image_id = image.id;
    message.thumbnail = key.thumbnail;
    message.url = signer.object_url(event.bucket, event.key);
    message.event = std::move(event);
    message.verdict = verdict.state;
    message.reason = std::move(verdict.reason);
    message.size_bytes = opened.info.size_bytes;
    message.sha256 = opened.info.sha256;
    if (verdict.state != ImageState::kReady) co_return message;
    const imaging::Facts& facts = verdict.found.facts;
    message.content_type = imaging::content_type_of(facts.format);
    message.width_px = facts.width_px;
    message.height_px = facts.height_px;
    message.frames = facts.frames;
    message.has_alpha = facts.has_alpha;
    auto texts = texts_of(verdict.found.placeholders);
    message.dominant_colour = std::move(texts.dominant_colour);
    message.thumbhash = std::move(texts.thumbhash);
    message.blurhash = std::move(texts.blurhash);
    ProductTarget target{image.id, opened.info.etag, job.is_private, product_rules.look};
    auto storing =
        store_products(store, std::move(target), job.products, std::move(verdict.found.products));
    CO_TRY(message.variants, co_await std::move(storing));
    message.wants_presets_anew = job.wants_presets_anew;
    co_return message;
}

Task<Result<void>> OnStored::run(StorageEvent event) {
    if (!event.is_created() || event.bucket != kOriginalsBucket) co_return Result<void>{};
    const auto key = parse_object_key(event.key);
    if (!key) {
        log::info("object that belongs to no image", {{"object", event.key}});
        co_return Result<void>{};
    }
    // The image's row is older than the permission to send it, so no event can overtake it.
    auto found = co_await catalog.find(key->id);
    if (!found && found.error().code == Errc::kNotFound) {
        co_return co_await remove_if_deleted(event, key->id);
    }
    CO_TRY(const auto image, std::move(found));
    CO_TRY(auto opened, co_await open(event));
    if (!opened || is_settled(image, *key, opened->info)) co_return Result<void>{};

    const auto job = job_for(image, *key, opened->info);
    auto stripping = take_place_out(event, *opened, job, image.id.value);
    CO_TRY(const bool is_replaced, co_await std::move(stripping));
    if (is_replaced) co_return Result<void>{};
    CO_TRY(const auto message, co_await message_of(image, *key, std::move(event), job, *opened));
    CO_CHECK(co_await queue.send(to_json(message)));
    co_return Result<void>{};
}

}  // namespace pixgate
