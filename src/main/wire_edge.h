// The edge's part of the wiring: settings to configurations. Used by main/wire.cpp.
#pragma once

#include "flow/deliver_image.h"
#include "main/config.h"

namespace pixgate {

DeliverImage::Config deliver_config_of(const Config& config);

}  // namespace pixgate
