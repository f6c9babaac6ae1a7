// What people read of the settings: the values in force, and the reference page.
#include "base/settings.h"

namespace pixgate {

namespace {

std::string_view section_of(std::string_view name) {
    const auto dot = name.rfind('.');
    return dot == name.npos ? std::string_view() : name.substr(0, dot);
}
std::string_view last_of(std::string_view name) {
    const auto dot = name.rfind('.');
    return dot == name.npos ? name : name.substr(dot + 1);
}

std::string shown_value(const Setting& setting) {
    const std::string value = setting.show();
    const bool is_empty = value == "\"\"" || value == "[]";
    return setting.is_secret && !is_empty ? "\"***\"" : value;
}

// A pipe would end the cell.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

void document_table(std::string& out, const SettingsTable& table, bool has_variables) {
    out += has_variables
               ? "| setting | type | default | environment | |\n| --- | --- | --- | --- | --- |\n"
               : "| setting | type | default | |\n| --- | --- | --- | --- |\n";
    for (const auto& setting : table.settings()) {
        out += "| `" + setting->name + "` | " + cell(setting->type) + " | `" +
               cell(setting->show()) + "` | ";
        if (has_variables) out += "`" + variable_of(setting->name) + "` | ";
        out += cell(setting->help) + (setting->is_secret ? " Secret." : "") + " |\n";
    }
    out += '\n';
}

}  // namespace

std::string show_settings(const SettingsTable& table) {
    std::string out;
    std::string section;
    for (const auto& setting : table.settings()) {
        if (section_of(setting->name) != section) {
            section = section_of(setting->name);
            out += "\n[" + section + "]\n";
        }
        out += std::string(last_of(setting->name)) + " = " + shown_value(*setting) + "  # " +
               setting->where + '\n';
    }
    for (const auto& group : table.groups()) {
        group.each([&](const SettingsTable& element) {
            out += "\n[[" + group.name + "]]\n";
            for (const auto& setting : element.settings()) {
                out += setting->name + " = " + shown_value(*setting) + '\n';
            }
        });
    }
    return out;
}

std::string document_settings(const SettingsTable& table) {
    std::string out;
    document_table(out, table, true);
    for (const auto& group : table.groups()) {
        out += "## `[[" + group.name + "]]`\n\n" + group.help + "\n\n";
        document_table(out, *group.sample, false);
    }
    out.pop_back();
    return out;
}

}  // namespace pixgate
