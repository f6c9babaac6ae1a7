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

// What was found good at upload is what may be decoded now, nothing else.
VerifyJob job_of(const Image& image, const Policy& policy) {
    VerifyJob job;
    job.declared_type = image.content_type;
    job.allowed_types = {image.content_type};
    job.limits = imaging::limits_for(
        {imaging::format_of_content_type(image.content_type), image.width_px, image.height_px,
         std::max(1U, image.frames)},
        {.max_pixels = policy.max_pixels,
         .max_side_px = policy.max_side_px,
         .max_frames = policy.max_frames}
    );
    job.limits.max_bytes = image.size_bytes;
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

ProductTarget target_of(const Image& image, const Policy& policy, const VariantLook& look) {
    return {image.id, image.etag, policy.visibility == Visibility::kPrivate, look};
}

}  // namespace

Task<Result<bool>> RemakePresets::has_object(const Variant& variant) const {
    const auto found = co_await store.head(variant.bucket, variant.key);
    if (!found && found.error().code == Errc::kNotFound) co_return false;
    if (!found) co_return std::unexpected(found.error());
    co_return true;
}

Task<Result<bool>> RemakePresets::has_preset(const Image& image, const PresetForm& form) const {
    const auto key = variant_key(image.id, image.etag, name_of(form.transform, product_rules.look));
    const auto row = std::ranges::find_if(image.variants, [&](const Variant& variant) {
        return variant.kind == VariantKind::kPreset && variant.name == form.name &&
               variant.key == key;
    });
    if (row == image.variants.end()) co_return false;
    co_return co_await has_object(*row);
}

Task<Result<bool>> RemakePresets::has_renditions(const Image& image) const {
    bool has_any = false;
    for (const auto& variant : image.variants) {
        if (variant.kind != VariantKind::kRendition) continue;
        const auto longer_px = std::max(variant.width_px, variant.height_px);
        const auto key =
            rendition_key(image.id, image.etag, longer_px) + look_suffix(product_rules.look);
        if (variant.key != key) co_return false;
        CO_TRY(const bool is_there, co_await has_object(variant));
        if (!is_there) co_return false;
        has_any = true;
    }
    co_return has_any;
}

Task<Result<RemakePresets::Plan>> RemakePresets::plan(
    const Image& image, const Policy& policy, Request request
) const {
    for (const auto& name : request.presets) {
        if (!product_rules.presets.find(name)) {
            co_return fail(Errc::kInvalidArgument, "there is no preset " + name, "presets");
        }
    }
    Plan out;
    if (policy.verify != Verify::kDecode) co_return out;
    CO_TRY(const bool has_sources, co_await has_renditions(image));
    const bool lacks_sources = !has_sources || image.thumbhash.empty();
    if (lacks_sources) out.missing.emplace_back("renditions");
    const bool is_all = request.presets.empty() && !request.is_from_original;
    out.makes_renditions = lacks_sources || (request.is_forced && is_all);
    for (auto& form : presets_of(policy, product_rules.presets)) {
        const bool is_asked =
            request.presets.empty() ||
            std::ranges::find(request.presets, form.name) != request.presets.end();
        if (!is_asked) continue;
        CO_TRY(const bool is_there, co_await has_preset(image, form));
        if (!is_there) out.missing.push_back(label_of(form));
        if (!is_there || request.is_forced) out.forms.push_back(std::move(form));
    }
    co_return out;
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
    const auto job = job_of(image, policy);
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
    auto storing = store_products(
        store, target_of(image, policy, product_rules.look), wanted, std::move(found.products)
    );
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
        CO_TRY(product.bytes, co_await make(image, wanted[i].spec));
        CO_TRY(product.facts, facts_of(product.bytes, imaging::format_of(transform.format)));
        products.push_back(std::move(product));
    }
    Change change = change_of(*image, clock.now());
    auto storing = store_products(
        store, target_of(*image, policy, product_rules.look), wanted, std::move(products)
    );
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
    const bool is_dry_run = request.is_dry_run;
    const bool is_from_original = request.is_from_original;
    auto planning = this->plan(*image, policy->second, std::move(request));
    CO_TRY(Plan plan, co_await std::move(planning));
    Report report;
    report.missing = std::move(plan.missing);
    const bool has_work = plan.makes_renditions || !plan.forms.empty();
    if (is_dry_run || !has_work) co_return report;
    auto making = plan.makes_renditions || is_from_original
                      ? from_original(*image, policy->second, plan)
                      : from_rendition(image, policy->second, plan);
    auto making_done = co_await std::move(making);
    if (!making_done && making_done.error().code == Errc::kNotFound) {
        // Either the image was deleted meanwhile, or it lost what it could be made from.
        CO_TRY(const Image now, co_await catalog.find(id));
        if (now.state == ImageState::kReady)
            co_return fail(Errc::kFailedPrecondition, "the original is gone", "original_gone");
    }
    CO_TRY(Change change, std::move(making_done));
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
