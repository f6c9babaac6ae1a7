#include "base/settings.h"

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace pixgate {

namespace detail {

namespace {

std::unexpected<Error> expected(const char* what) {
    return fail(Errc::kInvalidArgument, std::string(what) + " is expected");
}

}  // namespace

Result<std::string> text_of(const RawSetting& raw) {
    if (const auto* text = std::get_if<std::string>(&raw.value)) return *text;
    return expected("a text in quotes");
}

Result<std::int64_t> integer_of(const RawSetting& raw, std::int64_t min, std::int64_t max) {
    std::int64_t value = 0;
    if (const auto* number = std::get_if<std::int64_t>(&raw.value)) {
        value = *number;
    } else {
        const auto* text = std::get_if<std::string>(&raw.value);
        if (text == nullptr || !raw.is_plain_text) return expected("a whole number");
        const char* end = text->data() + text->size();
        const auto [rest, error] = std::from_chars(text->data(), end, value);
        if (error != std::errc{} || rest != end) return expected("a whole number");
    }
    if (value < min) {
        return fail(Errc::kInvalidArgument, "must be at least " + std::to_string(min));
    }
    if (value > max) {
        return fail(Errc::kInvalidArgument, "must be at most " + std::to_string(max));
    }
    return value;
}

Result<bool> truth_of(const RawSetting& raw) {
    if (const auto* truth = std::get_if<bool>(&raw.value)) return *truth;
    if (const auto* text = std::get_if<std::string>(&raw.value); text && raw.is_plain_text) {
        if (*text == "true" || *text == "1") return true;
        if (*text == "false" || *text == "0") return false;
    }
    return expected("true or false");
}

Result<std::vector<std::string>> list_of(const RawSetting& raw) {
    if (const auto* list = std::get_if<std::vector<std::string>>(&raw.value)) return *list;
    const auto* text = std::get_if<std::string>(&raw.value);
    if (text == nullptr || !raw.is_plain_text) return expected("a list of texts");
    std::vector<std::string> out;
    for (std::string_view rest = *text; !rest.empty();) {
        const auto end = std::min(rest.find(','), rest.size());
        if (const auto item = trim(rest.substr(0, end)); !item.empty()) out.emplace_back(item);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
}

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string toml_list(const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& text : texts) out += (out.empty() ? "" : ", ") + toml_text(text);
    return '[' + out + ']';
}

}  // namespace detail

Setting& SettingsTable::add_setting(Setting setting) {
    settings_.push_back(std::make_unique<Setting>(std::move(setting)));
    return *settings_.back();
}

Setting& SettingsTable::add(std::string name, std::string& target, std::string help) {
    Setting setting;
    setting.name = std::move(name);
    setting.type = "text";
    setting.help = std::move(help);
    setting.set = [&target](const RawSetting& raw) -> Result<void> {
        TRY(target, detail::text_of(raw));
        return {};
    };
    setting.show = [&target] { return detail::toml_text(target); };
    return add_setting(std::move(setting));
}

Setting& SettingsTable::add(std::string name, bool& target, std::string help) {
    Setting setting;
    setting.name = std::move(name);
    setting.type = "true or false";
    setting.help = std::move(help);
    setting.set = [&target](const RawSetting& raw) -> Result<void> {
        TRY(target, detail::truth_of(raw));
        return {};
    };
    setting.show = [&target] { return std::string(target ? "true" : "false"); };
    return add_setting(std::move(setting));
}

Setting& SettingsTable::add(std::string name, std::vector<std::string>& target, std::string help) {
    Setting setting;
    setting.name = std::move(name);
    setting.type = "list of texts";
    setting.help = std::move(help);
    setting.set = [&target](const RawSetting& raw) -> Result<void> {
        TRY(target, detail::list_of(raw));
        return {};
    };
    setting.show = [&target] { return detail::toml_list(target); };
    return add_setting(std::move(setting));
}

Setting& SettingsTable::add_integer(
    std::string name,
    std::string help,
    std::int64_t min,
    std::int64_t max,
    std::function<void(std::int64_t)> store,
    std::function<std::int64_t()> load
) {
    Setting setting;
    setting.name = std::move(name);
    setting.type = "whole number";
    setting.help = std::move(help);
    setting.set = [min, max, store = std::move(store)](const RawSetting& raw) -> Result<void> {
        TRY(const std::int64_t value, detail::integer_of(raw, min, max));
        store(value);
        return {};
    };
    setting.show = [load = std::move(load)] { return std::to_string(load()); };
    return add_setting(std::move(setting));
}

Setting& SettingsTable::add_choice(
    std::string name,
    std::string help,
    std::vector<std::string> words,
    std::function<void(std::size_t)> store,
    std::function<std::size_t()> load
) {
    Setting setting;
    setting.name = std::move(name);
    for (const auto& word : words) {
        setting.type += (setting.type.empty() ? "" : ", ") + detail::toml_text(word);
    }
    setting.help = std::move(help);
    setting.set = [words, store = std::move(store),
                   type = setting.type](const RawSetting& raw) -> Result<void> {
        TRY(const std::string text, detail::text_of(raw));
        const auto found = std::ranges::find(words, text);
        if (found == words.end()) {
            return fail(Errc::kInvalidArgument, "must be one of " + type);
        }
        store(static_cast<std::size_t>(found - words.begin()));
        return {};
    };
    setting.show = [words, load = std::move(load)] { return detail::toml_text(words[load()]); };
    return add_setting(std::move(setting));
}

Setting* SettingsTable::find(std::string_view name) {
    const auto found =
        std::ranges::find_if(settings_, [&](const auto& s) { return s->name == name; });
    return found == settings_.end() ? nullptr : found->get();
}

std::string SettingsTable::where(std::string_view name) const {
    for (const auto& setting : settings_) {
        if (setting->name == name) return setting->where;
    }
    return "default";
}

}  // namespace pixgate
