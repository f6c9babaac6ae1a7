// What is made of a picture beside its verdict: renditions, from which other sizes are made later,
// and the presets of its policy. Which ones, what they are called, and how they are stored. Used at
// upload (on_stored.h) and when presets are made anew (remake_presets.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/image.h"
#include "core/policy.h"
#include "core/presets.h"
#include "core/variant_look.h"
#include "imaging/imaging.h"
#include "ports/object_store.h"

namespace pixgate {

// Longer sides, about; a picture that is smaller has fewer. The first is the master: as large as
// the edge makes anything, so that it never needs the original.
inline constexpr std::array<std::uint32_t, 4> kRenditionSidesPx{
    kMaxOutputSidePx, 2'048, 1'024, 504
};
inline constexpr std::size_t kMaxPresetProducts = imaging::kMaxProducts - kRenditionSidesPx.size();

// What the operator set for all policies.
struct ProductRules {
    Presets presets;
    VariantLook look{};
};

struct WantedProduct {
    std::string preset;  // empty: a rendition
    imaging::ProductSpec spec;
};

// One preset of a policy in one format.
struct PresetForm {
    std::string name;
    Transform transform;  // the format is decided
};
// Every preset of the policy in every format; names that are no preset are left out (the
// configuration is held to them), and so is what goes beyond kMaxPresetProducts. Empty for policies
// that make none at upload.
std::vector<PresetForm> presets_of(const Policy& policy, const Presets& presets);

std::vector<WantedProduct> wanted_renditions();
std::vector<WantedProduct> wanted_presets(
    const std::vector<PresetForm>& forms, std::uint8_t effort
);

// The specs alone, as imaging takes them.
imaging::PrepareRequest request_of(const std::vector<WantedProduct>& wanted);

struct ProductTarget {
    ImageId id;
    std::string etag;         // of the original
    bool is_private = false;  // for the objects' Cache-Control
    VariantLook look{};       // with which they were made
};

// Writes each product to the variants bucket, a few at once, under the name where the edge looks
// for it; returns the rows for the catalog.
//   errors  kInternal (a preset that was asked for is missing), and what the store gives
//   twice   safe: the same names, the last one wins
Task<Result<std::vector<Variant>>> store_products(
    ObjectStore& store,
    ProductTarget target,
    const std::vector<WantedProduct>& wanted,
    std::vector<imaging::Product> products
);

// As the catalog keeps them: "#a1b2c3", base64, text; empty for what was not made.
struct PlaceholderTexts {
    std::string dominant_colour;
    std::string thumbhash;
    std::string blurhash;
};
PlaceholderTexts texts_of(const imaging::Placeholders& placeholders);

}  // namespace pixgate
