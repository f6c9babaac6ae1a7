// Settings of how the edge is asked: presets, what is free, formats, dialects. Read by load_config
// and by wire.
#pragma once

#include "main/config.h"
#include "roles/edge/ask.h"

namespace pixgate {

void describe_edge_urls(SettingsTable& table, Config& config);

// Mistakes that concern their values, each with its place.
std::vector<SettingMistake> check_edge_urls(const Config& config, const SettingsTable& table);

// Of a configuration without mistakes.
Presets presets_of(const Config& config);
edge::UrlRules url_rules_of(const Config& config);
Openness openness_of(const Config& config);

}  // namespace pixgate
