#include "adapters/slack/slack_message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/json_writer.h"

namespace pixgate::slack {

namespace {

constexpr std::size_t kMaxNameChars = 100;  // kinds and causes are ours; short all the same

std::string summary(const AlertDigest& digest) {
    return fmt::format(
        "Pixgate: {} alert{} of {} kind{}", digest.total, digest.total == 1 ? "" : "s",
        digest.groups.size(), digest.groups.size() == 1 ? "" : "s"
    );
}

// "dead_letter" -> "Dead letter"
std::string title_of(std::string_view kind) {
    std::string out(kind);
    std::ranges::replace(out, '_', ' ');
    if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
    return escape(out, kMaxNameChars);
}

std::string line_of(const AlertGroup& group) {
    std::string out = fmt::format(
        "*{}* · {} · ×{}", title_of(group.kind), escape(group.cause, kMaxNameChars), group.count
    );
    const auto first = format_rfc3339(group.first_at);
    const auto last = format_rfc3339(group.last_at);
    out += group.count == 1 ? fmt::format("\n{}", last) : fmt::format("\n{} to {}", first, last);
    if (!group.example.empty()) out += "\n" + escape(group.example, kMaxExampleChars);
    return out;
}

// Verbatim: what looks like a URL, a channel or a name in the text stays text.
void write_section(JsonWriter& json, std::string_view text) {
    json.begin_object().member("type", "section").key("text").begin_object();
    json.member("type", "mrkdwn").member("verbatim", true).member("text", text);
    json.end_object().end_object();
}

std::string rest_of(const AlertDigest& digest) {
    std::uint64_t count = 0;
    for (std::size_t i = kMaxGroups; i < digest.groups.size(); ++i) {
        count += digest.groups[i].count;
    }
    return fmt::format(
        "and {} more kinds with {} alerts: see the log and the dead letters",
        digest.groups.size() - kMaxGroups, count
    );
}

std::string context_of(const AlertDigest& digest, std::string_view source) {
    return fmt::format("{} · {}", escape(source, kMaxNameChars), escape(digest.id, kMaxNameChars));
}

}  // namespace

std::string escape(std::string_view text, std::size_t max_chars) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        const std::size_t length = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        const auto piece = text.substr(i, length);
        i += piece.size();
        std::string_view written = piece;
        if (c < 0x20 || c == 0x7f || !is_utf8(piece)) written = " ";
        if (piece == "&") written = "&amp;";
        if (piece == "<") written = "&lt;";
        if (piece == ">") written = "&gt;";
        if (out.size() + written.size() > max_chars) break;
        out += written;
    }
    return out;
}

std::string message_json(const AlertDigest& digest, std::string_view source) {
    JsonWriter json;
    json.begin_object().member("text", summary(digest)).key("blocks").begin_array();
    json.begin_object().member("type", "header").key("text").begin_object();
    json.member("type", "plain_text").member("text", summary(digest)).end_object().end_object();
    for (std::size_t i = 0; i < std::min(digest.groups.size(), kMaxGroups); ++i) {
        write_section(json, line_of(digest.groups[i]));
    }
    if (digest.groups.size() > kMaxGroups) write_section(json, rest_of(digest));
    json.begin_object().member("type", "context").key("elements").begin_array().begin_object();
    json.member("type", "mrkdwn").member("verbatim", true);
    json.member("text", context_of(digest, source));
    json.end_object().end_array().end_object().end_array().end_object();
    return json.take();
}

std::string plain_json(const AlertDigest& digest, std::string_view source) {
    std::string text = summary(digest);
    for (std::size_t i = 0; i < std::min(digest.groups.size(), kMaxGroups); ++i) {
        const auto& group = digest.groups[i];
        text += fmt::format(
            "\n{} {} x{}", title_of(group.kind), escape(group.cause, kMaxNameChars), group.count
        );
    }
    if (digest.groups.size() > kMaxGroups) text += "\n" + rest_of(digest);
    text += "\n" + context_of(digest, source);
    JsonWriter json;
    json.begin_object().member("text", text).end_object();
    return json.take();
}

}  // namespace pixgate::slack
