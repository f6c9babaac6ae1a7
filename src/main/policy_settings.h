// Settings of one policy. Read by load_config.
#pragma once

#include <string>

#include "base/settings.h"
#include "core/policy.h"

namespace pixgate {

// `prefix`: "policy.", or empty within a group.
void describe_policy(SettingsTable& table, const std::string& prefix, Policy& policy);

}  // namespace pixgate
