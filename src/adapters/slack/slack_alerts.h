// Alerts to a Slack incoming webhook. The URL is the secret: it is in no error and no log line.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ports/alerts.h"

namespace pixgate {

struct SlackConfig {
    std::string url;     // https://hooks.slack.com/services/…; http only to this machine (tests)
    std::string source;  // where the alerts come from, shown below each post: "pixgate on web-1"
};

// errors  kInvalidArgument: no such URL
Result<std::unique_ptr<AlertChannel>> make_slack_alerts(SlackConfig config);

}  // namespace pixgate
