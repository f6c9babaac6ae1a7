// Presets after the upload: on request, from the preset queue, and for images that lack some. Used
// by main/wire.cpp.
#pragma once

#include <functional>

#include "flow/hold_presets.h"
#include "flow/make_variant.h"
#include "flow/remake_presets.h"
#include "imaging/imaging.h"
#include "main/config.h"
#include "roles/worker/preset_maker.h"

namespace pixgate {

class PresetsLater {
public:
    struct Ports {
        Catalog& catalog;
        ObjectStore& store;
        Queue& queue;
        imaging::Imaging& imaging;
        Pool& pool;  // not the visitors'
        const Policies& policies;
        const Presets& presets;
        const VariantLook& look;
        const Clock& clock;
        Metrics& metrics;
        std::function<void(const ImageId&)> forget;  // edge caches drop what they hold
    };
    PresetsLater(const Config& config, Ports ports);
    PresetsLater(const PresetsLater&) = delete;
    PresetsLater& operator=(const PresetsLater&) = delete;

    RemakePresets& remake() { return remake_; }
    HoldPresets* hold() { return is_holding_ ? &hold_ : nullptr; }  // null where settings say so
    PresetMaker& maker() { return maker_; }

private:
    // As the edge makes it, but past what the edge has kept.
    Task<Result<std::string>> make(std::shared_ptr<const Image> image, imaging::ProductSpec spec);

    VariantMaker variants_;
    RemakePresets remake_;
    PresetMaker maker_;
    HoldPresets hold_;
    bool is_holding_;
};

}  // namespace pixgate
