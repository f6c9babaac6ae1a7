#include "flow/remake_presets.h"

#include <algorithm>

#include "core/bucket.h"
#include "core/transform.h"
#include "flow/object_file.h"
#include "imaging/probe.h"

namespace pixgate {

struct RemakePresets::Plan {
    std::vector<PresetForm> forms;  // to be made
    bool makes_renditions = false;
    std::vector<std::string> missing;
};

namespace {

std::string label_of(const PresetForm& form) {
    return form.name + " " + std::string(content_type_of(form.transform.format));
}

bool has_preset(const Image& image, const PresetForm& form) {
    const auto key = variant_key(image.id, image.etag, canonical(form.transform));
    return std::ranges::any_of(image.variants, [&](const Variant& variant) {
        return variant.kind == VariantKind::kPreset && variant.name == form.name &&
               variant.key == key;
    });
}

bool has_renditions(const Image& image) {
    return std::ranges::any_of(image.variants, [](const Variant& variant) {
        return variant.kind == VariantKind::kRendition;
    });
}

// What was found good at upload is what may be decoded now, nothing else.
VerifyJob job_of(const Image& image) {
    VerifyJob job;
    job.declared_type = image.content_type;
    job.allowed_types = {image.content_type};
    job.limits.max_bytes = image.size_bytes;
    job.limits.max_pixels = std::uint64_t{image.width_px} * image.height_px;
    job.limits.max_side_px = std::max(image.width_px, image.height_px);
    job.limits.max_frames = std::max(1U, image.frames);
    job.limits.max_total_pixels = job.limits.max_pixels * job.limits.max_frames;
    return job;
}

// Of bytes that our own code encoded.
Result<imaging::Facts> facts_of(const std::string& bytes, imaging::Format format) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const auto found = imaging::probe({data, bytes.size()}, format, imaging::Limits{});
    if (found.refusal == imaging::Refusal::kNone) return found.facts;
    return fail(Errc::kCrashed, "what was made is no picture", "bad_reply");
}

Change change_of(const Image& image, TimePoint now) {
    Change change;
    change.id = image.id;
    change.at = now;
    change.products_of_etag = image.etag;
    return change;
}

ProductTarget target_of(const Image& image, const Policy& policy) {
    return {image.id, image.etag, policy.visibility == Visibility::kPrivate};
}

}  // namespace

Result<RemakePresets::Plan> RemakePresets::plan(
    const Image& image, const Policy& policy, const Request& request
) const {
    for (const auto& name : request.presets) {
        if (!find_preset(name)) {
            return fail(Errc::kInvalidArgument, "there is no preset " + name, "presets");
        }
    }
    Plan out;
    if (policy.verify != Verify::kDecode) return out;
    out.makes_renditions = !has_renditions(image) || image.thumbhash.empty();
    if (out.makes_renditions) out.missing.emplace_back("renditions");
    for (auto& form : presets_of(policy)) {
        const bool is_asked =
            request.presets.empty() ||
            std::ranges::find(request.presets, form.name) != request.presets.end();
        if (!is_asked) continue;
        const bool is_there = has_preset(image, form);
        if (!is_there) out.missing.push_back(label_of(form));
        if (!is_there || request.is_forced) out.forms.push_back(std::move(form));
    }
    return out;
}

Task<Result<Change>> RemakePresets::from_original(
    const Image& image, const Policy& policy, const Plan& plan
) {
    CO_TRY(const auto reader, co_await store.get(image.bucket, image.key));
    if (reader->info().etag != image.etag) {
        co_return fail(Errc::kNotFound, "the original is not what was checked");
    }
    CO_TRY(const UniqueFd file, co_await open_as_file(*reader));
    auto wanted = plan.makes_renditions ? wanted_renditions() : std::vector<WantedProduct>{};
    std::ranges::move(
        wanted_presets(plan.forms, policy.final_effort()), std::back_inserter(wanted)
    );
    const auto job = job_of(image);
    auto work = [&] { return prepare(file.get(), image.size_bytes, job, wanted); };
    CO_TRY(auto found, co_await offload(imaging_pool, work));
    if (found.refusal != imaging::Refusal::kNone) {
        co_return fail(
            Errc::kUnsupportedMedia, "cannot be decoded",
            std::string(imaging::code_of(found.refusal))
        );
    }
    Change change = change_of(image, clock.now());
    auto texts = texts_of(found.placeholders);
    change.has_alpha = found.facts.has_alpha;
    change.dominant_colour = std::move(texts.dominant_colour);
    change.thumbhash = std::move(texts.thumbhash);
    change.blurhash = std::move(texts.blurhash);
    auto storing =
        store_products(store, target_of(image, policy), wanted, std::move(found.products));
    CO_TRY(change.products, co_await std::move(storing));
    co_return change;
}

Task<Result<Change>> RemakePresets::from_rendition(
    std::shared_ptr<const Image> image, const Policy& policy, const Plan& plan
) {
    const auto wanted = wanted_presets(plan.forms, policy.final_effort());
    std::vector<imaging::Product> products;
    for (std::uint32_t i = 0; i < wanted.size(); ++i) {
        const Transform& transform = wanted[i].spec.transform;
        imaging::Product product;
        product.index = i;
        CO_TRY(product.bytes, co_await make(image, transform));
        CO_TRY(product.facts, facts_of(product.bytes, imaging::format_of(transform.format)));
        products.push_back(std::move(product));
    }
    Change change = change_of(*image, clock.now());
    auto storing = store_products(store, target_of(*image, policy), wanted, std::move(products));
    CO_TRY(change.products, co_await std::move(storing));
    co_return change;
}

Task<Result<RemakePresets::Report>> RemakePresets::run(ImageId id, Request request) {
    CO_TRY(Image found, co_await catalog.find(id));
    if (found.state != ImageState::kReady) {
        co_return fail(Errc::kFailedPrecondition, "the image is not ready", "not_ready");
    }
    if (!request.only_etag.empty() && found.etag != request.only_etag) {
        co_return fail(Errc::kFailedPrecondition, "the original was replaced", "replaced");
    }
    const auto image = std::make_shared<const Image>(std::move(found));
    auto policy = policies.find(image->policy);
    if (policy == policies.end()) policy = policies.find("default");
    if (policy == policies.end()) co_return Report{};
    CO_TRY(Plan plan, this->plan(*image, policy->second, request));
    Report report;
    report.missing = std::move(plan.missing);
    const bool has_work = plan.makes_renditions || !plan.forms.empty();
    if (request.is_dry_run || !has_work) co_return report;
    auto making = plan.makes_renditions || request.is_from_original
                      ? from_original(*image, policy->second, plan)
                      : from_rendition(image, policy->second, plan);
    CO_TRY(Change change, co_await std::move(making));
    report.made = change.products;
    CO_TRY(const auto applied, co_await catalog.apply(std::move(change)));
    if (forget) forget(id);
    if (applied == Applied::kDone) co_return report;
    // Deleted meanwhile, and its objects with it: nothing of it may come back.
    for (const auto& variant : report.made) {
        CO_CHECK(co_await store.remove(variant.bucket, variant.key, variant.etag));
    }
    co_return fail(Errc::kNotFound, "the image was deleted meanwhile");
}

}  // namespace pixgate
