#include "tests/support/api_fixture.h"

#include <set>

namespace pixgate::testing {
namespace {

class Images : public ApiFixture {
protected:
    static std::set<std::string> names_of(const boost::json::object& object) {
        std::set<std::string> out;
        for (const auto& member : object) out.emplace(member.key());
        return out;
    }
    boost::json::object image_of(const std::string& id, std::string_view key = kAliceKey) {
        auto response = ask("GET", "/v1/images/" + id, key);
        EXPECT_EQ(response.status, 200U);
        return json_of(response);
    }
    std::vector<std::string> listed(std::string_view target, std::string_view key) {
        auto response = ask("GET", target, key);
        EXPECT_EQ(response.status, 200U) << text_of(response);
        std::vector<std::string> out;
        for (const auto& image : json_of(response).at("images").as_array()) {
            out.emplace_back(image.as_object().at("image_id").as_string());
        }
        return out;
    }
};

TEST_F(Images, HaveExactlyTheDocumentedFields) {
    const auto id = make_upload(kAliceKey);
    const auto pending = image_of(id);
    const std::set<std::string> fields{"image_id", "state",      "reason",   "owner",
                                       "filename", "original",   "variants", "history",
                                       "metadata", "created_at", "ready_at", "placeholder"};
    EXPECT_EQ(names_of(pending), fields);
    EXPECT_EQ(pending.at("state").as_string(), "pending");
    EXPECT_TRUE(pending.at("ready_at").is_null());
    EXPECT_TRUE(pending.at("reason").is_null());
    EXPECT_TRUE(pending.at("original").as_object().at("url").is_null())
        << "nothing unchecked is handed out";

    apply(id, ImageState::kReady);
    Change change;
    change.id = ImageId{id};
    change.at = clock_.now();
    change.variant =
        Variant{"thumb", "pixgate-originals", id + "/thumbnails/thumb", "e", "image/webp", 20, 15,
                99};
    run_task(adapters_.catalog->apply(change)).value();
    const auto ready = image_of(id);
    EXPECT_EQ(names_of(ready), fields);
    const auto& original = ready.at("original").as_object();
    EXPECT_EQ(
        names_of(original),
        (std::set<std::string>{
            "url", "content_type", "size_bytes", "sha256", "width_px", "height_px"
        })
    );
    EXPECT_TRUE(original.at("url").as_string().starts_with(
        "http://127.0.0.1:9000/pixgate-originals/" + id + "/original?"
    ));
    EXPECT_EQ(original.at("width_px").as_int64(), 40);
    const auto& variant = ready.at("variants").as_array().at(0).as_object();
    EXPECT_EQ(
        names_of(variant),
        (std::set<std::string>{
            "kind", "name", "url", "width_px", "height_px", "content_type", "size_bytes"
        })
    );
    EXPECT_TRUE(ready.at("placeholder").is_null()) << "nothing was decoded";
    EXPECT_TRUE(ready.at("ready_at").is_string());
    const auto& history = ready.at("history").as_array();
    EXPECT_EQ(history.at(0).as_object().at("state").as_string(), "pending");
    EXPECT_EQ(
        names_of(history.at(0).as_object()), (std::set<std::string>{"state", "at", "reason"})
    );
}

class MadeImages : public Images {
protected:
    // A ready image with a preset, a rendition and a placeholder.
    std::string make_ready(std::string_view policy) {
        const std::string extra = R"(,"policy":")" + std::string(policy) + "\"";
        auto response = ask("POST", "/v1/uploads", kAliceKey, upload_body(extra));
        const std::string id(json_of(response).at("image_id").as_string());
        Change change;
        change.id = ImageId{id};
        change.to = ImageState::kReady;
        change.at = clock_.now();
        change.content_type = "image/jpeg";
        change.width_px = 40;
        change.height_px = 30;
        change.dominant_colour = "#102030";
        change.thumbhash = "1QcSHQRnh493V4dIh4eXh1h4kJUI";
        change.blurhash = "LEHV6n";
        change.products = {
            {"w640", "pixgate-variants", id + "/e/w=640,f=webp", "e", "image/webp", 40, 30, 99,
             VariantKind::kPreset},
            {"40", "pixgate-variants", id + "/e/rendition-40", "e", "image/jpeg", 40, 30, 99,
             VariantKind::kRendition}
        };
        EXPECT_EQ(run_task(adapters_.catalog->apply(std::move(change))).value(), Applied::kDone);
        return id;
    }
};

TEST_F(MadeImages, ShowPresetsAtTheEdgeAndPlaceholdersButNoRenditions) {
    const auto id = make_ready("default");
    const auto image = image_of(id);
    const auto& variants = image.at("variants").as_array();
    ASSERT_EQ(variants.size(), 1U);
    const auto& preset = variants[0].as_object();
    EXPECT_EQ(preset.at("kind").as_string(), "preset");
    EXPECT_EQ(preset.at("url").as_string(), "https://pixgate.example/i/" + id + "/w640");
    EXPECT_EQ(preset.at("content_type").as_string(), "image/webp");
    const auto& placeholder = image.at("placeholder").as_object();
    EXPECT_EQ(
        names_of(placeholder), (std::set<std::string>{"thumbhash", "blurhash", "dominant_colour"})
    );
    EXPECT_EQ(placeholder.at("dominant_colour").as_string(), "#102030");
}

TEST_F(MadeImages, OfAPrivatePolicyHaveSignedPresets) {
    policies_["avatars"].max_bytes = 2'000;
    const auto id = make_ready("avatars");
    const auto image = image_of(id);
    const std::string url(image.at("variants").as_array().at(0).as_object().at("url").as_string());
    const std::string path = "/i/" + id + "/w640";
    ASSERT_TRUE(url.starts_with("https://pixgate.example" + path + "?"));
    const auto query = url.substr(url.find('?') + 1);
    EXPECT_EQ(edge_signer_.verify(path, query, clock_.now()), SignedFor::kUrl);
}

TEST_F(MadeImages, GiveTheirPlaceholderInTheFormThatIsAskedFor) {
    const auto id = make_ready("default");
    const std::string path = "/v1/images/" + id + "/placeholder";
    auto json = ask("GET", path, kAliceKey);
    const auto body = json_of(json);
    EXPECT_EQ(
        names_of(body), (std::set<std::string>{
                            "image_id", "data_url", "thumbhash", "blurhash", "dominant_colour",
                            "width_px", "height_px"
                        })
    );
    const std::string url(body.at("data_url").as_string());
    EXPECT_TRUE(url.starts_with("data:image/png;base64,iVBOR"));
    EXPECT_LT(url.size(), 2'500U);
    auto text = ask("GET", path, kAliceKey, "", {{"Accept", "text/plain"}});
    EXPECT_EQ(text_of(text), url);
    auto png = ask("GET", path, kAliceKey, "", {{"Accept", "image/avif,image/*,*/*;q=0.8"}});
    EXPECT_EQ(png.get("Content-Type"), "image/png");
    EXPECT_EQ(png.get("Vary"), "Accept");
    const std::string tag(png.get("ETag"));
    auto again = ask("GET", path, kAliceKey, "", {{"Accept", "image/*"}, {"If-None-Match", tag}});
    EXPECT_EQ(again.status, 304U);
    EXPECT_EQ(ask("GET", path, kBobKey).status, 404U);
    auto none = ask("GET", "/v1/images/" + make_upload(kAliceKey) + "/placeholder", kAliceKey);
    EXPECT_EQ(none.status, 404U);
    EXPECT_EQ(code_of(none), "no_placeholder");
}

TEST_F(Images, ARefusedPictureSaysWhyAndHasNoUrl) {
    const auto id = make_upload(kAliceKey);
    apply(id, ImageState::kRejected, "too_many_pixels");
    const auto image = image_of(id);
    EXPECT_EQ(image.at("state").as_string(), "rejected");
    EXPECT_EQ(image.at("reason").as_string(), "too_many_pixels");
    EXPECT_TRUE(image.at("original").as_object().at("url").is_null());
}

// Attack 15.
TEST_F(Images, AnotherOwnersImageIsNotThere) {
    const auto id = make_upload(kAliceKey);
    for (const char* method : {"GET", "DELETE"}) {
        auto response = ask(method, "/v1/images/" + id, kBobKey);
        auto absent = ask(method, "/v1/images/00000000-0000-7000-8000-00000000ffff", kBobKey);
        EXPECT_EQ(response.status, 404U) << method;
        EXPECT_EQ(text_of(response), text_of(absent)) << method;
    }
    EXPECT_EQ(ask("GET", "/v1/images/" + id + "/events", kBobKey).status, 404U);
    EXPECT_EQ(
        ask("POST", "/v1/images/" + id + "/links", kBobKey, R"({"transforms":["w640"]})").status,
        404U
    );
    EXPECT_EQ(ask("GET", "/v1/images/" + id, kServerKey).status, 200U);
    EXPECT_EQ(ask("GET", "/v1/images/" + id, kAdminKey).status, 200U);
}

TEST_F(Images, StrangeIdsAreNotThere) {
    for (const char* id :
         {"x", "..", "%2e%2e", "00000000-0000-4000-8000-000000000001",
          "00000000-0000-7000-8000-00000000000G"}) {
        EXPECT_EQ(ask("GET", "/v1/images/" + std::string(id), kAdminKey).status, 404U) << id;
    }
}

TEST_F(Images, AreListedNewestFirstInPagesOfTheirOwner) {
    std::vector<std::string> mine;
    for (int i = 0; i < 5; ++i) {
        mine.insert(mine.begin(), make_upload(kAliceKey));
        make_upload(kBobKey);
        clock_.advance(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(listed("/v1/images", kAliceKey), mine);
    EXPECT_EQ(listed("/v1/images?owner=alice", kServerKey), mine);
    EXPECT_EQ(listed("/v1/images", kAdminKey).size(), 10U);

    std::vector<std::string> paged;
    std::string cursor;
    do {
        auto response =
            ask("GET", "/v1/images?limit=2&cursor=" + percent_encode(cursor, false), kAliceKey);
        const auto page = json_of(response);
        for (const auto& image : page.at("images").as_array())
            paged.emplace_back(image.as_object().at("image_id").as_string());
        cursor =
            page.at("next_cursor").is_null() ? "" : std::string(page.at("next_cursor").as_string());
    } while (!cursor.empty());
    EXPECT_EQ(paged, mine);

    apply(mine[0], ImageState::kReady);
    EXPECT_EQ(listed("/v1/images?state=ready", kAliceKey), std::vector<std::string>{mine[0]});
}

TEST_F(Images, StrangeQueriesAreRefused) {
    for (const char* query :
         {"limit=0", "limit=-1", "limit=201", "limit=abc", "limit=", "limit=1e2", "state=nice",
          "state=", "cursor=nonsense"}) {
        EXPECT_EQ(ask("GET", "/v1/images?" + std::string(query), kAliceKey).status, 400U) << query;
    }
    EXPECT_EQ(ask("GET", "/v1/images?cursor=" + std::string(1'000, 'x'), kAliceKey).status, 400U);
    EXPECT_EQ(ask("GET", "/v1/images?owner=bob", kAliceKey).status, 403U);
}

TEST_F(Images, AreGoneOnceDeleted) {
    const auto id = make_upload(kAliceKey);
    apply(id, ImageState::kReady);
    auto response = ask("DELETE", "/v1/images/" + id, kAliceKey);
    EXPECT_EQ(response.status, 204U);
    EXPECT_EQ(ask("GET", "/v1/images/" + id, kAliceKey).status, 404U);
    EXPECT_EQ(ask("DELETE", "/v1/images/" + id, kAliceKey).status, 404U);
    EXPECT_TRUE(listed("/v1/images", kAliceKey).empty());
}

TEST_F(Images, LinksAreSignedForTheEdge) {
    const auto id = make_upload(kAliceKey);
    auto response =
        ask("POST", "/v1/images/" + id + "/links", kAliceKey,
            R"({"transforms":["w640","w=320,h=320,fit=cover"]})");
    ASSERT_EQ(response.status, 200U) << text_of(response);
    const auto links = json_of(response);
    const auto& first = links.at("links").as_array().at(0).as_object();
    const std::string url(first.at("url").as_string());
    const std::string path = "/i/" + id + "/w640";
    ASSERT_TRUE(url.starts_with("https://pixgate.example" + path + "?")) << url;
    const auto query = url.substr(url.find('?') + 1);
    EXPECT_EQ(edge_signer_.verify(path, query, clock_.now()), SignedFor::kUrl);
    EXPECT_FALSE(edge_signer_.verify(path, query, clock_.now() + std::chrono::hours(2)));
}

TEST_F(Images, OnlyServersSignSizesThatAreNotListed) {
    const auto id = make_upload(kAliceKey);
    const auto status = [&](std::string_view key, const char* transform) {
        return ask("POST", "/v1/images/" + id + "/links", key,
                   R"({"transforms":[")" + std::string(transform) + "\"]}")
            .status;
    };
    EXPECT_EQ(status(kAliceKey, "w=321"), 403U);
    EXPECT_EQ(status(kServerKey, "w=321"), 200U);
    EXPECT_EQ(status(kAliceKey, "thumb"), 200U);
    EXPECT_EQ(status(kAliceKey, "w=99999"), 400U);
    EXPECT_EQ(status(kAliceKey, "../x"), 400U);
    EXPECT_EQ(ask("POST", "/v1/images/" + id + "/links", kAliceKey, "{}").status, 400U);
    EXPECT_EQ(
        ask("POST", "/v1/images/" + id + "/links", kAliceKey, R"({"transforms":[],"x":1})").status,
        400U
    );
    options_.openness.arbitrary_sizes = false;
    rebuild();
    EXPECT_EQ(status(kServerKey, "w=321"), 403U);
}

TEST_F(Images, AFamilyIsSignedOnceForAllOfItsTransforms) {
    const auto id = make_upload(kAliceKey);
    const auto family = [&](std::string_view key, const char* body) {
        return ask("POST", "/v1/images/" + id + "/links", key, body);
    };
    auto response = family(kAliceKey, R"({"family":"listed"})");
    ASSERT_EQ(response.status, 200U) << text_of(response);
    const auto answer = json_of(response);
    EXPECT_TRUE(answer.at("links").as_array().empty());
    const std::string url(answer.at("family").as_object().at("url_template").as_string());
    const std::string folder = "https://pixgate.example/i/" + id + "/";
    ASSERT_TRUE(url.starts_with(folder + "{transform}?")) << url;
    const auto query = url.substr(url.find('?') + 1);
    EXPECT_EQ(edge_signer_.verify("/i/" + id + "/w=320", query, clock_.now()), SignedFor::kListed);
    EXPECT_EQ(family(kAliceKey, R"({"family":"image"})").status, 403U);
    EXPECT_EQ(family(kServerKey, R"({"family":"image"})").status, 200U);
    EXPECT_EQ(family(kServerKey, R"({"family":"all"})").status, 400U);
    EXPECT_EQ(family(kServerKey, R"({"family":"image","never_expires":true})").status, 403U);
}

TEST_F(Images, DeadLettersAreListedRedrivenAndDropped) {
    const auto bury = [&](const char* body) {
        run_task(adapters_.queue->send(body)).value();
        const auto messages = run_task(adapters_.queue->receive(
                                           1, std::chrono::milliseconds(0), std::chrono::seconds(30)
                                       ))
                                  .value();
        run_task(adapters_.queue->bury(messages.at(0).receipt, "unreadable", "no JSON")).value();
    };
    bury("one");
    bury("two");
    auto response = ask("GET", "/v1/dead-letters", kAdminKey);
    const auto page = json_of(response);
    const auto& letters = page.at("dead_letters").as_array();
    ASSERT_EQ(letters.size(), 2U);
    const auto& letter = letters.at(0).as_object();
    EXPECT_EQ(
        names_of(letter),
        (std::set<std::string>{
            "id", "source", "reason", "last_error", "attempts", "first_at", "died_at", "body"
        })
    );
    EXPECT_EQ(letter.at("source").as_string(), "message");
    EXPECT_EQ(letter.at("reason").as_string(), "unreadable");

    const std::string first = "/v1/dead-letters/" + std::string(letter.at("id").as_string());
    const std::string second =
        "/v1/dead-letters/" + std::string(letters.at(1).as_object().at("id").as_string());
    EXPECT_EQ(ask("POST", first + "/redrive", kAdminKey).status, 204U);
    EXPECT_EQ(ask("POST", first + "/redrive", kAdminKey).status, 404U);
    EXPECT_EQ(run_task(adapters_.queue->backlog())->count, 1U);
    EXPECT_EQ(ask("DELETE", second, kAdminKey).status, 204U);
    EXPECT_EQ(ask("DELETE", second, kAdminKey).status, 404U);
    EXPECT_EQ(run_task(adapters_.dead_letters->count()), 0U);
}

}  // namespace
}  // namespace pixgate::testing
