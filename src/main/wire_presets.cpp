#include "main/wire_presets.h"

#include "main/imaging_calls.h"

namespace pixgate {

PresetsLater::PresetsLater(const Config& config, Ports ports)
    : variants_(
          {ports.store, make_with(ports.imaging, config.sandbox, ports.look), ports.pool,
           ports.metrics, ports.look}
      ),
      remake_{
          ports.catalog,
          ports.store,
          prepare_with(ports.imaging, config.sandbox, ports.look),
          [this](std::shared_ptr<const Image> image, imaging::ProductSpec spec) {
              return make(std::move(image), spec);
          },
          ports.pool,
          ports.policies,
          ports.clock,
          std::move(ports.forget),
          {ports.presets, ports.look}
      },
      maker_(
          PresetMaker::Ports{ports.queue, remake_, ports.metrics},
          PresetMaker::Config{.max_receives = config.queue.max_receives}
      ),
      hold_(HoldPresets::Ports{ports.catalog, remake_, ports.queue}),
      is_holding_(config.sweeper.make_missing_presets) {}

Task<Result<std::string>> PresetsLater::make(
    std::shared_ptr<const Image> image, imaging::ProductSpec spec
) {
    co_return co_await variants_.make(*image, spec.transform, spec.effort);
}

}  // namespace pixgate
