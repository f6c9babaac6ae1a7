// Reads file, environment and flags into a table of settings.
#include <toml++/toml.h>

#include <algorithm>
#include <numeric>

#include "base/settings.h"

namespace pixgate {

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 4) + 1;
    for (const auto& candidate : known) {
        std::vector<std::size_t> row(candidate.size() + 1);
        std::iota(row.begin(), row.end(), 0);
        for (std::size_t i = 0; i < word.size(); ++i) {
            std::size_t diagonal = row[0]++;
            for (std::size_t j = 0; j < candidate.size(); ++j) {
                const std::size_t change = diagonal + (word[i] == candidate[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
            }
        }
        if (row.back() < best_distance) {
            best_distance = row.back();
            best = candidate;
        }
    }
    return best;
}

std::string variable_of(std::string_view setting) {
    std::string out = "PIXGATE_";
    for (const char c : setting) {
        out += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return out;
}

namespace {

class Reader {
public:
    Reader(SettingsTable& table, const SettingSources& sources)
        : table_(table), sources_(sources) {}

    std::vector<SettingMistake> run() {
        if (!sources_.file_name.empty()) read_file();
        read_environment();
        for (const auto& flag : sources_.flags) {
            Setting* setting = table_.find(flag.name);
            if (setting == nullptr) {
                unknown(flag.shown_as, flag.name, names_of(table_));
            } else {
                set(*setting, RawSetting{flag.value, true}, flag.shown_as);
            }
        }
        return std::move(mistakes_);
    }

private:
    static std::vector<std::string> names_of(const SettingsTable& table) {
        std::vector<std::string> out;
        for (const auto& setting : table.settings()) out.push_back(setting->name);
        for (const auto& group : table.groups()) out.push_back(group.name);
        return out;
    }

    void unknown(
        std::string where, const std::string& name, const std::vector<std::string>& known
    ) {
        std::string text = "unknown setting " + name;
        if (const auto meant = nearest(name, known); !meant.empty()) {
            text += "; did you mean " + meant + "?";
        }
        mistakes_.push_back({std::move(where), std::move(text)});
    }

    void set(Setting& setting, const RawSetting& raw, const std::string& where) {
        if (const auto done = setting.set(raw); !done) {
            mistakes_.push_back({where, setting.name + ": " + done.error().message});
            return;
        }
        setting.where = where;
    }

    std::string place(const toml::node& node) const {
        return sources_.file_name + ":" + std::to_string(node.source().begin.line);
    }

    void read_file() {
        try {
            const toml::table root = toml::parse(sources_.file_text, sources_.file_name);
            read_table(root, "", table_, "");
        } catch (const toml::parse_error& error) {
            mistakes_.push_back(
                {sources_.file_name + ":" + std::to_string(error.source().begin.line),
                 std::string(error.description())}
            );
        }
    }

    static bool is_section(const SettingsTable& table, const std::string& path) {
        return std::ranges::any_of(names_of(table), [&](const auto& name) {
            return name.starts_with(path + ".");
        });
    }

    // `shown` goes before names in messages: the group an element belongs to.
    void read_table(
        const toml::table& from,
        const std::string& path,
        SettingsTable& into,
        const std::string& shown
    ) {
        for (const auto& [key, node] : from) {
            const std::string name = path + std::string(key.str());
            const auto group =
                std::ranges::find_if(into.groups(), [&](const auto& g) { return g.name == name; });
            if (group != into.groups().end()) {
                read_group(*group, node);
            } else if (const auto* table = node.as_table(); table && is_section(into, name)) {
                read_table(*table, name + ".", into, shown);
            } else if (Setting* setting = into.find(name)) {
                read_value(*setting, node, shown);
            } else {
                auto known = names_of(into);
                unknown_in_file(place(node), name, known, shown);
            }
        }
    }

    void unknown_in_file(
        std::string where,
        const std::string& name,
        std::vector<std::string> known,
        const std::string& shown
    ) {
        for (auto& text : known) text = shown + text;
        unknown(std::move(where), shown + name, known);
    }

    void read_group(const SettingGroup& group, const toml::node& node) {
        const auto* array = node.as_array();
        if (array == nullptr ||
            !std::ranges::all_of(*array, [](const auto& n) { return n.is_table(); })) {
            mistakes_.push_back({place(node), group.name + ": write it as [[" + group.name + "]]"});
            return;
        }
        for (const auto& element : *array) {
            group.append(place(element), [&](SettingsTable& table) {
                read_table(*element.as_table(), "", table, group.name + ".");
            });
        }
    }

    void read_value(Setting& setting, const toml::node& node, const std::string& shown) {
        RawSetting raw;
        bool is_known = true;
        if (const auto* text = node.as_string()) {
            raw.value = text->get();
        } else if (const auto* number = node.as_integer()) {
            raw.value = number->get();
        } else if (const auto* truth = node.as_boolean()) {
            raw.value = truth->get();
        } else if (const auto* array = node.as_array()) {
            std::vector<std::string> texts;
            for (const auto& element : *array) {
                if (const auto* item = element.as_string()) texts.push_back(item->get());
            }
            is_known = texts.size() == array->size();
            raw.value = std::move(texts);
        } else {
            is_known = false;
        }
        if (!is_known) {
            mistakes_.push_back(
                {place(node), shown + setting.name + ": this kind of value is not taken"}
            );
            return;
        }
        if (const auto done = setting.set(raw); !done) {
            mistakes_.push_back({place(node), shown + setting.name + ": " + done.error().message});
            return;
        }
        setting.where = place(node);
    }

    void read_environment() {
        std::vector<std::string> known = sources_.other_variables;
        for (const auto& setting : table_.settings()) known.push_back(variable_of(setting->name));
        for (const auto& [name, value] : sources_.environment) {
            if (!name.starts_with("PIXGATE_")) continue;
            bool is_setting = false;
            for (const auto& setting : table_.settings()) {
                if (variable_of(setting->name) != name) continue;
                set(*setting, RawSetting{value, true}, name);
                is_setting = true;
            }
            if (is_setting || std::ranges::find(known, name) != known.end()) continue;
            // Variables of other programs may share the prefix; only what is nearly a setting's is
            // a slip.
            if (const auto meant = nearest(name, known); !meant.empty()) {
                mistakes_.push_back({name, "unknown variable; did you mean " + meant + "?"});
            }
        }
    }

    SettingsTable& table_;
    const SettingSources& sources_;
    std::vector<SettingMistake> mistakes_;
};

}  // namespace

std::vector<SettingMistake> read_settings(SettingsTable& table, const SettingSources& sources) {
    return Reader(table, sources).run();
}

}  // namespace pixgate
