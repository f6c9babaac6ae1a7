// A digest as the JSON that a Slack incoming webhook takes. Pure code.
// Source: api.slack.com, "Incoming webhooks", "Block Kit" (limits), "Formatting text" (escaping).
#pragma once

#include <string>
#include <string_view>

#include "ports/alerts.h"

namespace pixgate::slack {

inline constexpr std::size_t kMaxExampleChars = 200;  // after escaping
inline constexpr std::size_t kMaxGroups = 20;  // of one post: far below 50 blocks and 13,000 chars

// Control characters become spaces; & < > become entities, so that a file name can neither mention
// anybody nor make a link; at most `max_chars` bytes, never cut within a character or an entity.
std::string escape(std::string_view text, std::size_t max_chars);

// Header, a section per group, context with `source` (where it comes from) and the digest's id.
// Groups over kMaxGroups are one line that counts them.
std::string message_json(const AlertDigest& digest, std::string_view source);
// The same without blocks, for when Slack does not take them.
std::string plain_json(const AlertDigest& digest, std::string_view source);

}  // namespace pixgate::slack
