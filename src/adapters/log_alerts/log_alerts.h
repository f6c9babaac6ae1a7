// Alerts as log lines, one per group: where no webhook is set.
#pragma once

#include <memory>

#include "ports/alerts.h"

namespace pixgate {

std::unique_ptr<AlertChannel> make_log_alerts();

}  // namespace pixgate
