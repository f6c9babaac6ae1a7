#include "base/settings.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

struct Sample {
    std::string text = "t";
    std::vector<std::string> list{"a", "b"};
    std::uint32_t number = 7;
    std::chrono::seconds wait{5};
    bool truth = true;
    struct Item {
        std::string name;
        std::string secret;
        std::string where;
    };
    std::vector<Item> items;

    void describe(SettingsTable& table) {
        table.add("s.text", text, "A text | with a bar.");
        table.add("s.list", list, "A list.");
        table.add("s.number", number, "A number.", 1, 10);
        table.add("s.wait_seconds", wait, "A time.");
        table.add("s.truth", truth, "A truth.");
        table.add_group("items", items, "Things.", [](SettingsTable& t, Item& item) {
            t.add("name", item.name, "Its name.");
            t.add("secret", item.secret, "Its secret.").secret();
        });
    }
};

std::vector<SettingMistake> read(
    Sample& sample, std::string toml, std::vector<SettingFlag> flags = {}
) {
    SettingsTable table;
    sample.describe(table);
    SettingSources sources;
    sources.file_name = "f";
    sources.file_text = std::move(toml);
    sources.flags = std::move(flags);
    return read_settings(table, sources);
}

TEST(Settings, ValuesOfTheFileAreNotTakenForOtherTypes) {
    for (const char* line :
         {"text = 1", "text = true", "number = \"7\"", "number = 7.0", "number = 0", "number = 11",
          "truth = 1", "truth = \"true\"", "list = \"a\"", "list = [1]", "text = 2026-01-01",
          "wait_seconds = -1", "text = {a = 1}"}) {
        Sample sample;
        const auto mistakes = read(sample, "[s]\n" + std::string(line));
        ASSERT_EQ(mistakes.size(), 1U) << line;
        EXPECT_EQ(mistakes[0].where, "f:2") << line;
    }
}

TEST(Settings, FlagsAndTheEnvironmentAreText) {
    Sample sample;
    EXPECT_TRUE(
        read(
            sample, "",
            {{"s.number", "9", "--n"}, {"s.truth", "false", "--t"}, {"s.list", " x , y,", "--l"}}
        )
            .empty()
    );
    EXPECT_EQ(sample.number, 9U);
    EXPECT_FALSE(sample.truth);
    EXPECT_EQ(sample.list, (std::vector<std::string>{"x", "y"}));
    const auto mistakes = read(sample, "", {{"s.number", "9x", "--n"}, {"s.numer", "9", "--m"}});
    ASSERT_EQ(mistakes.size(), 2U);
    EXPECT_EQ(mistakes[0].where, "--n");
    EXPECT_EQ(mistakes[1].text, "unknown setting s.numer; did you mean s.number?");
}

TEST(Settings, GroupsMayBeGivenSeveralTimesAndKnowTheirPlace) {
    Sample sample;
    EXPECT_TRUE(
        read(sample, "[[items]]\nname = \"a\"\n[[items]]\nname = \"b\"\nsecret = \"x\"\n").empty()
    );
    ASSERT_EQ(sample.items.size(), 2U);
    EXPECT_EQ(sample.items[1].name, "b");
    EXPECT_EQ(sample.items[1].where, "f:3");
    EXPECT_EQ(read(sample, "items = 1").size(), 1U);
    EXPECT_EQ(read(sample, "[items]\nname = \"a\"").size(), 1U);
    EXPECT_EQ(
        read(sample, "[[items]]\nnam = \"a\"").at(0).text,
        "unknown setting items.nam; did you mean items.name?"
    );
}

TEST(Settings, AreShownWithTheirSourceAndWithoutSecrets) {
    Sample sample;
    SettingsTable table;
    sample.describe(table);
    SettingSources sources;
    sources.file_name = "f";
    sources.file_text = "[s]\nnumber = 3\n[[items]]\nname = \"a\"\nsecret = \"hush\"\n";
    EXPECT_TRUE(read_settings(table, sources).empty());
    EXPECT_EQ(
        show_settings(table),
        "\n[s]\ntext = \"t\"  # default\nlist = [\"a\", \"b\"]  # default\nnumber = 3  # f:2\n"
        "wait_seconds = 5  # default\ntruth = true  # default\n\n[[items]]\nname = \"a\"\nsecret = "
        "\"***\"\n"
    );
}

TEST(Settings, AreDocumentedFromTheTable) {
    Sample sample;
    SettingsTable table;
    sample.describe(table);
    const std::string page = document_settings(table);
    EXPECT_NE(
        page.find("| `s.number` | whole number | `7` | `PIXGATE_S_NUMBER` | A number. |"), page.npos
    );
    EXPECT_NE(page.find("A text \\| with a bar."), page.npos);
    EXPECT_NE(page.find("## `[[items]]`"), page.npos);
    EXPECT_NE(page.find("Its secret. Secret."), page.npos);
}

TEST(Nearest, FindsSlipsAndNothingElse) {
    const std::vector<std::string> known{"api.listen", "store.listen", "roles"};
    EXPECT_EQ(nearest("api.listne", known), "api.listen");
    EXPECT_EQ(nearest("role", known), "roles");
    EXPECT_EQ(nearest("something", known), "");
    EXPECT_EQ(nearest("", known), "");
}

}  // namespace
}  // namespace pixgate
