// Thousands of changed copies of valid requests: none is accepted, except where the change means
// nothing (%2f for %2F, one more space in the Authorization header).
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/sigv4_vectors.h"

namespace pixgate::aws {
namespace {

using testing::SignedVector;
using testing::verify_vector;

constexpr int kMutationsPerVector = 400;

// What the server would act on, as one text.
std::string meaning_of(const SignedVector& v, const VerifiedRequest& verified) {
    std::string out = v.method + '\n' + verified.path + '\n' + verified.signature + '\n';
    auto query = verified.query;
    std::ranges::sort(query, {}, &QueryItem::name);
    for (const auto& item : query) out += item.name + '=' + item.value + '\n';
    for (const auto& name : verified.signed_headers) {
        std::string value;
        append_canonical_value(value, v.fields(), name);
        out += name + ':' + value + '\n';
    }
    for (const auto& [name, value] : v.headers) {
        if (to_lower(name).starts_with("x-amz-")) out += to_lower(name) + '\n';
    }
    return out + verified.payload_sha256;
}

class Mutator {
public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    SignedVector mutate(SignedVector v) {
        switch (pick(7)) {
            case 0:
                v.set_target("/" + change(v.target().substr(1)));
                break;
            case 1:
                change_header(v);
                break;
            case 2:
                v.remove_header(v.headers[pick(v.headers.size())].first);
                break;
            case 3:
                v.headers.emplace_back("x-amz-" + word(), word());
                break;
            case 4:
                v.query += (v.query.empty() ? "" : "&") + word() + '=' + word();
                break;
            case 5:
                v.method = other_method(v.method);
                break;
            default:
                swap_query_items(v);
                change_header(v);
        }
        return v;
    }

private:
    std::size_t pick(std::size_t n) { return random_() % n; }

    std::string word() {
        static constexpr std::string_view kLetters = "abcdefghij-0123";
        std::string out;
        for (std::size_t i = 0; i < 1 + pick(6); ++i) out += kLetters[pick(kLetters.size())];
        return out;
    }

    std::string change(std::string text) {
        if (text.empty()) return "x";
        const auto at = pick(text.size());
        switch (pick(5)) {
            case 0:
                text[at] = static_cast<char>(text[at] ^ (1 << pick(7)));
                break;
            case 1:
                text.erase(at, 1 + pick(4));
                break;
            case 2:
                text.insert(at, 1, static_cast<char>(33 + pick(94)));
                break;
            case 3:
                text.insert(at, text.substr(at, 1 + pick(8)));
                break;
            default:
                std::swap(text[at], text[pick(text.size())]);
        }
        return text;
    }

    void change_header(SignedVector& v) {
        auto& [name, value] = v.headers[pick(v.headers.size())];
        value = change(value);
    }

    std::string other_method(const std::string& method) {
        static const std::vector<std::string> kMethods{"GET",    "PUT",  "POST",
                                                       "DELETE", "HEAD", "get"};
        const auto& other = kMethods[pick(kMethods.size())];
        return other == method ? "PATCH" : other;
    }

    void swap_query_items(SignedVector& v) {
        const auto mark = v.query.find('&');
        if (mark == std::string::npos) return;
        v.query = v.query.substr(mark + 1) + '&' + v.query.substr(0, mark);
    }

    std::mt19937 random_;
};

TEST(SigV4Mutation, NoChangedRequestIsAccepted) {
    Mutator mutator(20260115);
    int refused = 0;
    int without_meaning = 0;
    for (const auto& v : testing::signed_vectors()) {
        const auto original = verify_vector(v, v.at, true);
        ASSERT_TRUE(original) << v.id;
        const auto meaning = meaning_of(v, *original);
        for (int i = 0; i < kMutationsPerVector; ++i) {
            const auto mutant = mutator.mutate(v);
            const auto result = verify_vector(mutant, v.at, true);
            if (!result) {
                ++refused;
                continue;
            }
            ++without_meaning;
            EXPECT_EQ(meaning_of(mutant, *result), meaning) << v.id << ' ' << mutant.target();
        }
    }
    EXPECT_GT(refused, 10'000);
    EXPECT_LT(without_meaning, refused / 4);
}

TEST(SigV4Mutation, EveryDigitOfTheSignatureCounts) {
    for (const auto& v : testing::signed_vectors()) {
        for (std::size_t i = 0; i < 64; ++i) {
            auto mutant = v;
            auto authorization = mutant.header("Authorization");
            auto& text = authorization.empty() ? mutant.query : authorization;
            char& digit = text[text.find(v.signature) + i];
            digit = digit == '0' ? '1' : '0';
            if (!authorization.empty()) mutant.set_header("Authorization", authorization);
            ASSERT_FALSE(verify_vector(mutant, v.at, true)) << v.id << " digit " << i;
        }
    }
}

}  // namespace
}  // namespace pixgate::aws
