// What every ObjectStore's list() must do. See ports/object_store.h.
#pragma once

#include "tests/conformance/object_store_fixture.h"

namespace pixgate::tests::object_listing {

using object_store::kQuiet;
using object_store::make_buckets;
using object_store::put;

struct Listed {
    std::vector<std::string> keys;
    std::vector<std::string> prefixes;
    bool operator==(const Listed&) const = default;
};

inline Listed names(const ObjectPage& page) {
    Listed out{{}, page.common_prefixes};
    for (const auto& object : page.objects) out.keys.push_back(object.key);
    return out;
}

inline ObjectPage list(World& w, ListOptions options) {
    auto page = run_task(w.store().list(kQuiet, std::move(options)));
    EXPECT_TRUE(page);
    return page ? *std::move(page) : ObjectPage{};
}

inline void fill(World& w, const std::vector<std::string>& keys) {
    make_buckets(w);
    for (const auto& key : keys) ASSERT_TRUE(put(w, kQuiet, key, "x"));
}

// All pages put together; each page but the last is full.
inline Listed list_all(World& w, ListOptions options) {
    Listed all;
    for (int pages = 0; pages < 200; ++pages) {
        const auto page = list(w, options);
        const auto n = page.objects.size() + page.common_prefixes.size();
        EXPECT_LE(n, options.max_keys);
        const auto found = names(page);
        all.keys.insert(all.keys.end(), found.keys.begin(), found.keys.end());
        all.prefixes.insert(all.prefixes.end(), found.prefixes.begin(), found.prefixes.end());
        if (!page.is_truncated) {
            EXPECT_EQ(page.next_start_after, "");
            return all;
        }
        EXPECT_EQ(n, options.max_keys);
        EXPECT_GT(page.next_start_after, options.start_after);
        options.start_after = page.next_start_after;
    }
    ADD_FAILURE() << "the pages never end";
    return all;
}

inline void an_empty_bucket_lists_nothing(World& w) {
    fill(w, {});
    const auto page = list(w, {});
    EXPECT_EQ(names(page), Listed{});
    EXPECT_FALSE(page.is_truncated);
}

inline void keys_come_in_byte_order(World& w) {
    fill(w, {"b", "a", "B", "\xc3\xa9", "~", "a/", "a!", "a0"});
    const Listed wanted{{"B", "a", "a!", "a/", "a0", "b", "~", "\xc3\xa9"}, {}};
    EXPECT_EQ(names(list(w, {})), wanted);
}

inline void a_prefix_selects(World& w) {
    fill(w, {"a", "ab", "abc", "ac", "b", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbfz"});
    EXPECT_EQ(names(list(w, {.prefix = "ab"})), (Listed{{"ab", "abc"}, {}}));
    EXPECT_EQ(names(list(w, {.prefix = "zz"})), Listed{});
    EXPECT_EQ(
        names(list(w, {.prefix = "\xf4\x8f\xbf\xbf"})),
        (Listed{{"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbfz"}, {}})
    );
}

inline void a_delimiter_folds(World& w) {
    fill(w, {"a/1", "a/2", "a/b/3", "b", "c/4", "c0"});
    EXPECT_EQ(names(list(w, {.delimiter = "/"})), (Listed{{"b", "c0"}, {"a/", "c/"}}));
    EXPECT_EQ(
        names(list(w, {.prefix = "a/", .delimiter = "/"})), (Listed{{"a/1", "a/2"}, {"a/b/"}})
    );
    EXPECT_EQ(names(list(w, {.prefix = "a", .delimiter = "/"})), (Listed{{}, {"a/"}}));
    EXPECT_EQ(names(list(w, {.prefix = "a/b/3", .delimiter = "/"})), (Listed{{"a/b/3"}, {}}));
}

inline void a_long_delimiter_folds(World& w) {
    fill(w, {"x--y--1", "x--y--2", "x-y", "z--"});
    EXPECT_EQ(names(list(w, {.delimiter = "--"})), (Listed{{"x-y"}, {"x--", "z--"}}));
    EXPECT_EQ(names(list(w, {.prefix = "x--", .delimiter = "--"})), (Listed{{}, {"x--y--"}}));
}

inline void pages_join_without_gap_or_double(World& w) {
    std::vector<std::string> keys;
    for (int i = 0; i < 60; ++i) {
        keys.push_back("d" + std::to_string(i % 7) + "/" + std::to_string(i));
        keys.push_back("k" + std::to_string(i));
    }
    fill(w, keys);
    const auto everything = names(list(w, {}));
    EXPECT_EQ(everything.keys.size(), keys.size());
    const auto folded = names(list(w, {.delimiter = "/"}));
    EXPECT_EQ(folded.prefixes.size(), 7U);
    EXPECT_EQ(folded.keys.size(), 60U);
    for (const std::uint32_t n : {1U, 2U, 7U, 8U, 59U, 60U, 67U, 120U, 121U}) {
        EXPECT_EQ(list_all(w, {.max_keys = n}), everything) << n;
        EXPECT_EQ(list_all(w, {.delimiter = "/", .max_keys = n}), folded) << n;
    }
}

inline void start_after_is_left_out(World& w) {
    fill(w, {"a", "b/1", "b/2", "c"});
    EXPECT_EQ(names(list(w, {.start_after = "a"})), (Listed{{"b/1", "b/2", "c"}, {}}));
    EXPECT_EQ(names(list(w, {.start_after = "aa"})), (Listed{{"b/1", "b/2", "c"}, {}}));
    // Inside a folder the folder is still shown; at the folder itself it is behind us.
    EXPECT_EQ(names(list(w, {.delimiter = "/", .start_after = "b/1"})), (Listed{{"c"}, {"b/"}}));
    EXPECT_EQ(names(list(w, {.delimiter = "/", .start_after = "b/"})), (Listed{{"c"}, {}}));
    EXPECT_EQ(names(list(w, {.start_after = "b/"})), (Listed{{"b/1", "b/2", "c"}, {}}));
    EXPECT_EQ(names(list(w, {.start_after = "z"})), Listed{});
}

inline void zero_keys_are_an_empty_page(World& w) {
    fill(w, {"a"});
    const auto page = list(w, {.max_keys = 0});
    EXPECT_EQ(names(page), Listed{});
    EXPECT_FALSE(page.is_truncated);
}

inline void a_write_is_listed_at_once(World& w) {
    fill(w, {});
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(put(w, kQuiet, "k" + std::to_string(i), "x"));
        EXPECT_EQ(list(w, {}).objects.size(), static_cast<std::size_t>(i + 1));
    }
    ASSERT_TRUE(run_task(w.store().remove(kQuiet, "k7", std::nullopt)));
    EXPECT_EQ(list(w, {}).objects.size(), 19U);
}

inline constexpr Case kCases[]{
    {"AnEmptyBucketListsNothing", an_empty_bucket_lists_nothing},
    {"KeysComeInByteOrder", keys_come_in_byte_order},
    {"APrefixSelects", a_prefix_selects},
    {"ADelimiterFolds", a_delimiter_folds},
    {"ALongDelimiterFolds", a_long_delimiter_folds},
    {"PagesJoinWithoutGapOrDouble", pages_join_without_gap_or_double},
    {"StartAfterIsLeftOut", start_after_is_left_out},
    {"ZeroKeysAreAnEmptyPage", zero_keys_are_an_empty_page},
    {"AWriteIsListedAtOnce", a_write_is_listed_at_once},
};

}  // namespace pixgate::tests::object_listing
