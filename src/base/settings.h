// Settings from a TOML file, the environment and flags, read once into plain structs. A table says
// which settings there are (name, target, help); defaults are the structs' own. All mistakes are
// found in one go, each with its place; nothing is ever half read and used. What is documented
// comes from the same table.
//   SettingsTable table;
//   table.add("api.listen", config.api.listen, "Address of the API and the page.");
//   auto mistakes = read_settings(table, sources);
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace pixgate {

// A value as it was written. Text from the environment and from flags is also taken for numbers,
// truths and, split at commas, lists.
struct RawSetting {
    std::variant<std::string, std::int64_t, bool, std::vector<std::string>> value;
    bool is_plain_text = false;  // environment or flag
};

struct Setting {
    std::string name;  // "api.listen"; the last part carries the unit
    std::string type;  // "text", "whole number", …, or the words allowed
    std::string help;
    bool is_secret = false;
    std::string where = "default";  // "pixgate.toml:12", "PIXGATE_API_LISTEN", "--listen"
    std::function<Result<void>(const RawSetting&)> set;
    std::function<std::string()> show;  // the value now, as TOML

    Setting& secret() {
        is_secret = true;
        return *this;
    }
    bool is_default() const { return where == "default"; }
};

class SettingsTable;

// A table that may be given several times: [[policies]].
struct SettingGroup {
    std::string name;
    std::string help;
    std::function<void(std::string where, const std::function<void(SettingsTable&)>&)> append;
    std::function<void(const std::function<void(SettingsTable&)>&)> each;
    std::shared_ptr<SettingsTable>
        sample;  // of one element with its defaults, for the documentation
};

namespace detail {
Result<std::string> text_of(const RawSetting& raw);
Result<std::int64_t> integer_of(const RawSetting& raw, std::int64_t min, std::int64_t max);
Result<bool> truth_of(const RawSetting& raw);
Result<std::vector<std::string>> list_of(const RawSetting& raw);
std::string toml_text(std::string_view text);
std::string toml_list(const std::vector<std::string>& texts);
}  // namespace detail

// One word for each value of an enum.
template <class E>
using Choices = std::vector<std::pair<std::string, E>>;

class SettingsTable {
public:
    SettingsTable() = default;
    SettingsTable(const SettingsTable&) = delete;
    SettingsTable& operator=(const SettingsTable&) = delete;

    // Targets must outlive the table.
    Setting& add(std::string name, std::string& target, std::string help);
    Setting& add(std::string name, bool& target, std::string help);
    Setting& add(std::string name, std::vector<std::string>& target, std::string help);

    template <std::integral I>
        requires(!std::same_as<I, bool>)
    Setting&
    add(std::string name,
        I& target,
        std::string help,
        std::int64_t min = 0,
        std::int64_t max = kLargest<I>) {
        return add_integer(
            std::move(name), std::move(help), min, max,
            [&target](std::int64_t v) { target = static_cast<I>(v); },
            [&target] { return static_cast<std::int64_t>(target); }
        );
    }
    template <class Rep, class Period>
    Setting& add(
        std::string name,
        std::chrono::duration<Rep, Period>& target,
        std::string help,
        std::int64_t min = 0,
        std::int64_t max = 1'000'000'000
    ) {
        return add_integer(
            std::move(name), std::move(help), min, max,
            [&target](std::int64_t v) { target = std::chrono::duration<Rep, Period>(v); },
            [&target] { return static_cast<std::int64_t>(target.count()); }
        );
    }
    template <class E>
    Setting& add(std::string name, E& target, const Choices<E>& choices, std::string help) {
        std::vector<std::string> words;
        for (const auto& [word, value] : choices) words.push_back(word);
        return add_choice(
            std::move(name), std::move(help), std::move(words),
            [&target, choices](std::size_t i) { target = choices[i].second; },
            [&target, choices] {
                std::size_t i = 0;
                while (i + 1 < choices.size() && choices[i].second != target) ++i;
                return i;
            }
        );
    }

    // describe(table, element) adds the settings of one element, names without the group's. An
    // element with a member `where` learns its place.
    template <class T, class Describe>
    void add_group(std::string name, std::vector<T>& target, std::string help, Describe describe) {
        SettingGroup group;
        group.name = std::move(name);
        group.help = std::move(help);
        group.append = [&target, describe](std::string where, const auto& read) {
            T& element = target.emplace_back();
            if constexpr (requires { element.where; }) element.where = std::move(where);
            SettingsTable table;
            describe(table, element);
            read(table);
        };
        group.each = [&target, describe](const auto& use) {
            for (T& element : target) {
                SettingsTable table;
                describe(table, element);
                use(table);
            }
        };
        auto kept = std::make_shared<std::pair<T, SettingsTable>>();
        describe(kept->second, kept->first);
        group.sample = std::shared_ptr<SettingsTable>(kept, &kept->second);
        groups_.push_back(std::move(group));
    }

    std::vector<std::unique_ptr<Setting>>& settings() { return settings_; }
    const std::vector<std::unique_ptr<Setting>>& settings() const { return settings_; }
    const std::vector<SettingGroup>& groups() const { return groups_; }
    Setting* find(std::string_view name);
    // Where a setting got its value; "default" for unknown names too.
    std::string where(std::string_view name) const;

private:
    template <class I>
    static constexpr std::int64_t kLargest =
        sizeof(I) < 8 ? static_cast<std::int64_t>(std::numeric_limits<I>::max()) : INT64_MAX;

    Setting& add_setting(Setting setting);
    Setting& add_integer(
        std::string name,
        std::string help,
        std::int64_t min,
        std::int64_t max,
        std::function<void(std::int64_t)> store,
        std::function<std::int64_t()> load
    );
    Setting& add_choice(
        std::string name,
        std::string help,
        std::vector<std::string> words,
        std::function<void(std::size_t)> store,
        std::function<std::size_t()> load
    );

    std::vector<std::unique_ptr<Setting>> settings_;
    std::vector<SettingGroup> groups_;
};

struct SettingMistake {
    std::string where;  // "pixgate.toml:12"
    std::string text;
};

struct SettingFlag {
    std::string name;  // of the setting
    std::string value;
    std::string shown_as;  // "--listen"
};

struct SettingSources {
    std::string file_name;  // for messages; empty: no file
    std::string file_text;
    std::map<std::string, std::string> environment;  // all of it; only the prefix's count
    std::vector<SettingFlag> flags;
    std::vector<std::string>
        other_variables;  // with the prefix, but not settings: "PIXGATE_CONFIG"
};

// File first, then environment, then flags: the later wins. "api.listen" is PIXGATE_API_LISTEN.
std::vector<SettingMistake> read_settings(SettingsTable& table, const SettingSources& sources);

std::string variable_of(std::string_view setting);  // "PIXGATE_API_LISTEN"

// What is in force, as TOML with the source of each value; secrets as stars.
std::string show_settings(const SettingsTable& table);
// The reference page, in Markdown.
std::string document_settings(const SettingsTable& table);

// The one of `known` that `word` was probably meant to be; empty where none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace pixgate
