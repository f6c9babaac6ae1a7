#include "roles/edge/edge_routes.h"

#include <gtest/gtest.h>

#include <thread>

#include "adapters/memory/memory.h"
#include "base/ids.h"
#include "core/bucket.h"

namespace pixgate::edge {
namespace {

using namespace std::chrono_literals;

// The edge over memory adapters; variants are made of text, so that what is served can be told
// apart.
class EdgeRoutesTest : public testing::Test {
protected:
    static inline const PublicCaching caching_for_an_hour{.max_age_seconds = 3'600};

    EdgeRoutesTest() {
        Policy secret;
        secret.name = "secret";
        secret.visibility = Visibility::kPrivate;
        policies_["default"] = Policy{};
        policies_["secret"] = secret;
        EXPECT_TRUE(run_task(adapters_.buckets->create(std::string(kOriginalsBucket), false)));
        EXPECT_TRUE(run_task(adapters_.buckets->create(std::string(kVariantsBucket), false)));
        public_id_ = add_image("default", ImageState::kReady);
        private_id_ = add_image("secret", ImageState::kReady);
        add_routes(router_, {deliver_, signer_, policies_, clock_, caching_for_an_hour, {}});
    }

    static Change facts_of(const char* type, bool has_alpha, const char* colour) {
        Change change;
        change.content_type = type;
        change.width_px = 1'024;
        change.height_px = 768;
        change.thumbhash = "1QcSHQRnh493V4dIh4eXh1h4kJUI";
        change.has_alpha = has_alpha;
        change.dominant_colour = colour;
        return change;
    }

    std::string add_image(
        const std::string& policy,
        ImageState state,
        Change change = facts_of("image/jpeg", false, "#101010")
    ) {
        const ImageId id{ids_.uuid_v7()};
        const auto body = make_text_body("original of " + id.value);
        const auto put = run_task(
            adapters_.store->put(std::string(kOriginalsBucket), original_key(id), *body, {})
        );
        NewImage row;
        row.image.id = id;
        row.image.owner = "u1";
        row.image.policy = policy;
        row.image.bucket = kOriginalsBucket;
        row.image.key = original_key(id);
        row.image.created_at = clock_.now();
        EXPECT_TRUE(run_task(adapters_.catalog->create(std::move(row))));
        change.id = id;
        change.to = state;
        change.at = clock_.now();
        StorageEvent event;
        event.name = "ObjectCreated:Put";
        event.bucket = kOriginalsBucket;
        event.key = original_key(id);
        event.etag = put->etag;
        event.sequencer = put->sequencer;
        change.event = event;
        EXPECT_TRUE(run_task(adapters_.catalog->apply(std::move(change))));
        return id.value;
    }

    struct Asked {
        std::string method = "GET";
        std::string path;
        std::string query;
        std::vector<std::pair<std::string, std::string>> fields;
    };

    http::Response ask(const Asked& asked) {
        http::Request request;
        request.method = asked.method;
        request.path = asked.path;
        request.query = asked.query;
        request.id = "0000000000000001";
        for (const auto& [name, value] : asked.fields) request.fields.add(name, value);
        return run_task(router_.handle(request));
    }

    http::Response get(
        const std::string& target, std::vector<std::pair<std::string, std::string>> fields = {}
    ) {
        const auto mark = target.find('?');
        return ask(
            {"GET", target.substr(0, mark), mark == target.npos ? "" : target.substr(mark + 1),
             std::move(fields)}
        );
    }

    static std::string head_of(const http::Response& r) {
        std::string out = r.prebuilt_head ? *r.prebuilt_head : "";
        for (const auto& [name, value] : r.fields) out += name + ": " + value + "\r\n";
        return out;
    }
    static std::string body_of(const http::Response& r) {
        if (const auto* text = std::get_if<std::string>(&r.body)) return *text;
        if (const auto* shared = std::get_if<http::SharedBody>(&r.body)) return **shared;
        if (const auto* part = std::get_if<http::PartBody>(&r.body))
            return std::string(part->text());
        return {};
    }

    std::string path(const std::string& options) const {
        return "/i/" + public_id_ + "/" + options;
    }

    ManualClock clock_{TimePoint(1'767'225'600'000ms)};
    FixedIds ids_;
    Metrics metrics_;
    Pool pool_{"imaging", 2};
    memory::Adapters adapters_ = memory::make_adapters({}, clock_);
    Policies policies_;
    EdgeSigner signer_{{{"k1", std::string(32, 's')}, {"old", std::string(32, 'o')}}, "k1"};
    std::optional<Error> failure_;
    std::mutex mutex_;
    std::vector<std::jthread> threads_;
    DeliverImage deliver_{
        {*adapters_.catalog, *adapters_.store,
         [this](const VariantSource&, const Transform& t) -> Result<MadeVariant> {
             if (failure_) return std::unexpected(*failure_);
             return MadeVariant{imaging::Refusal::kNone, "picture " + canonical(t)};
         },
         pool_, clock_, metrics_,
         [this](std::string, Task<void> task) {
             const std::lock_guard lock(mutex_);
             threads_.emplace_back([t = std::move(task)]() mutable { run_blocking(std::move(t)); });
         }},
        {}
    };
    http::Router router_;
    // Of an edge with these rules.
    void with_rules(UrlRules rules) {
        router_ = {};
        add_routes(
            router_, {deliver_, signer_, policies_, clock_, caching_for_an_hour, std::move(rules)}
        );
    }
    std::string public_id_;
    std::string private_id_;
};

TEST_F(EdgeRoutesTest, APresetIsServedAsAPictureAndNothingElse) {
    const auto r = get(path("thumb"));
    ASSERT_EQ(r.status, 200U);
    EXPECT_EQ(body_of(r), "picture w=256,h=256,fit=crop,f=jpeg");
    const auto head = head_of(r);
    for (const char* line :
         {"Content-Type: image/jpeg\r\n", "X-Content-Type-Options: nosniff\r\n", "Vary: Accept\r\n",
          "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; sandbox\r\n"}) {
        EXPECT_NE(head.find(line), head.npos) << line;
    }
}

TEST_F(EdgeRoutesTest, AcceptDecidesTheFormatOnlyWhereItIsLeftOpen) {
    const std::vector<std::pair<std::string, std::string>> chrome{
        {"Accept", "image/avif,image/webp,image/apng,*/*;q=0.8"}
    };
    EXPECT_NE(
        head_of(get(path("w320"), chrome)).find("Content-Type: image/webp"), std::string::npos
    );
    EXPECT_NE(
        head_of(get(path("w320"), {{"Accept", "image/*,*/*"}})).find("Content-Type: image/jpeg"),
        std::string::npos
    );
    EXPECT_NE(
        head_of(get(path("w320"), {{"Accept", "image/webp;q=0"}})).find("Content-Type: image/jpeg"),
        std::string::npos
    );
    const auto fixed = get(path("w=320,f=png"), chrome);
    EXPECT_NE(head_of(fixed).find("Content-Type: image/png"), std::string::npos);
    EXPECT_EQ(head_of(fixed).find("Vary"), std::string::npos);
}

TEST_F(EdgeRoutesTest, WhatIsTransparentIsKnownByThePixelsElseByTheType) {
    struct Case {
        const char* type;
        bool has_alpha;
        const char* colour;  // empty: only its header was read
        const char* becomes;
    };
    for (const Case& c :
         {Case{"image/webp", true, "#123456", "png"}, Case{"image/avif", true, "#123456", "png"},
          Case{"image/heic", true, "#123456", "png"}, Case{"image/png", false, "#123456", "jpeg"},
          Case{"image/png", true, "#123456", "png"}, Case{"image/gif", false, "#123456", "jpeg"},
          Case{"image/webp", false, "", "jpeg"}, Case{"image/webp", true, "", "png"},
          Case{"image/png", false, "", "png"}, Case{"image/gif", false, "", "png"}}) {
        const auto id =
            add_image("default", ImageState::kReady, facts_of(c.type, c.has_alpha, c.colour));
        EXPECT_EQ(body_of(get("/i/" + id + "/w320")), std::string("picture w=320,f=") + c.becomes)
            << c.type << c.has_alpha << c.colour;
    }
}

TEST_F(EdgeRoutesTest, SeveralLinesOfAcceptAreOneList) {
    const std::vector<std::pair<std::string, std::string>> two{
        {"Accept", "image/png"}, {"accept", "image/webp;q=0.5"}
    };
    EXPECT_EQ(body_of(get(path("w320"), two)), "picture w=320,f=webp");
    // Repeated answers are known by one line.
    EXPECT_FALSE(get(path("w320"), two).repeat);
    EXPECT_TRUE(get(path("w320"), {{"Accept", "image/webp"}}).repeat);
}

TEST_F(EdgeRoutesTest, TheSameEtagIsNotModified) {
    const auto first = head_of(get(path("w320")));
    const auto at = first.find("ETag: ") + 6;
    const auto etag = first.substr(at, first.find('\r', at) - at);
    const auto again = get(path("w320"), {{"If-None-Match", etag}});
    EXPECT_EQ(again.status, 304U);
    EXPECT_NE(head_of(again).find("Cache-Control: public, max-age=3600"), std::string::npos);
    EXPECT_NE(head_of(again).find("Vary: Accept"), std::string::npos);
    EXPECT_EQ(get(path("w320"), {{"If-None-Match", "\"other\""}}).status, 200U);
}

TEST_F(EdgeRoutesTest, ARangeGivesItsPart) {
    const auto part = get(path("w320"), {{"Range", "bytes=0-6"}});
    EXPECT_EQ(part.status, 206U);
    EXPECT_EQ(body_of(part), "picture");
    EXPECT_NE(head_of(part).find("Content-Range: bytes 0-6/"), std::string::npos);
    const auto none = get(path("w320"), {{"Range", "bytes=999-"}});
    EXPECT_EQ(none.status, 416U);
    EXPECT_EQ(none.get("Cache-Control"), "no-store");
    EXPECT_EQ(get(path("w320"), {{"Range", "bytes=0-1,3-4"}}).status, 200U);
}

TEST_F(EdgeRoutesTest, G100_WrongParametersAreRefusedAndNamed) {
    for (const char* options :
         {"w=-1", "w=0", "w=NaN", "w=1e309", "w=0x10", "w=300px", "w=%EF%BC%93", "w=320,w=320",
          "x=1", "w", "w=", "q=101,w=320", "fit=fill,w=320", "f=svg,w=320", "w=4097",
          "fit=cover,w=320", ""}) {
        const auto r = get(path(options));
        EXPECT_TRUE(r.status == 400 || (r.status == 404 && *options == 0))
            << options << " " << r.status;
    }
    const auto r = get(path("w=0"));
    EXPECT_NE(body_of(r).find("\"field\":\"w\""), std::string::npos) << body_of(r);
}

TEST_F(EdgeRoutesTest, G99_ASizeOffTheListNeedsASignature) {
    EXPECT_EQ(get(path("w=301")).status, 403U);
    EXPECT_EQ(get(path("w=320,q=79")).status, 403U);
    EXPECT_EQ(get(signer_.sign(path("w=301,f=jpeg"), clock_.now() + 1h)).status, 200U);
}

TEST_F(EdgeRoutesTest, G98_ABadSignatureIsRefusedBeforeAnyWork) {
    const auto good = signer_.sign(path("w=301,f=jpeg"), clock_.now() + 1h);
    const auto flip = [&](std::string s) {
        s.back() = s.back() == 'A' ? 'E' : 'A';
        return s;
    };
    EXPECT_EQ(get(flip(good)).status, 403U);
    EXPECT_EQ(get(good.substr(0, good.size() - 4)).status, 403U);
    EXPECT_EQ(get(good + "&sig=x").status, 403U);
    EXPECT_EQ(get(path("w320") + "?sig=x").status, 403U);
    // Another picture, another size: the signature is over the path.
    const auto query = good.substr(good.find('?'));
    EXPECT_EQ(get(path("w=302,f=jpeg") + query).status, 403U);
    clock_.advance(2h);
    EXPECT_EQ(get(good).status, 403U);
}

TEST_F(EdgeRoutesTest, G116_APrivatePictureWithoutSignatureLooksAbsent) {
    const auto hidden = get("/i/" + private_id_ + "/w320");
    const auto absent = get("/i/00000000-0000-7000-8000-00000000ffff/w320");
    EXPECT_EQ(hidden.status, 404U);
    EXPECT_EQ(body_of(hidden), body_of(absent));
    EXPECT_EQ(head_of(hidden), head_of(absent));
    const auto shown = get(signer_.sign("/i/" + private_id_ + "/w320", clock_.now() + 1h));
    EXPECT_EQ(shown.status, 200U);
    EXPECT_NE(head_of(shown).find("Cache-Control: private"), std::string::npos);
    EXPECT_NE(head_of(shown).find("Referrer-Policy: no-referrer"), std::string::npos);
}

TEST_F(EdgeRoutesTest, APlaceholderIsSeenByWhoeverMaySeeThePicture) {
    const auto shown = get(path("placeholder"), {{"Accept", "image/avif,image/*"}});
    EXPECT_EQ(shown.status, 200U);
    EXPECT_TRUE(body_of(shown).starts_with("\x89PNG"));
    EXPECT_NE(head_of(shown).find("Cache-Control: public"), std::string::npos);
    const auto hidden = get("/i/" + private_id_ + "/placeholder");
    EXPECT_EQ(hidden.status, 404U);
    EXPECT_NE(body_of(hidden).find("not_found"), std::string::npos);
    const auto open = get(signer_.sign("/i/" + private_id_ + "/placeholder", clock_.now() + 1h));
    EXPECT_EQ(open.status, 200U);
    EXPECT_NE(head_of(open).find("Cache-Control: private"), std::string::npos);
    EXPECT_EQ(get("/i/" + add_image("default", ImageState::kStored) + "/placeholder").status, 404U);
}

TEST_F(EdgeRoutesTest, OnlyReadyPicturesAreServed) {
    for (const auto state :
         {ImageState::kRejected, ImageState::kQuarantined, ImageState::kFailed}) {
        const auto r = get("/i/" + add_image("default", state) + "/w320");
        EXPECT_EQ(r.status, 404U) << name_of(state);
        EXPECT_NE(head_of(r).find("no-store"), std::string::npos);
    }
}

TEST_F(EdgeRoutesTest, APictureOnItsWayIsAnsweredByItsPolicyAndKeptByNobody) {
    const auto at = [this](const char* policy, const char* options) {
        return get("/i/" + add_image(policy, ImageState::kStored) + options);
    };
    const auto retry = at("default", "/w320");
    EXPECT_EQ(retry.status, 202U);
    EXPECT_NE(head_of(retry).find("Retry-After: 1"), std::string::npos);
    policies_["default"].pending = WhilePending::kPlaceholder;
    const auto grey = at("default", "/w=320,h=160,fit=cover");
    EXPECT_EQ(grey.status, 200U);
    EXPECT_NE(body_of(grey).find("width=\"320\" height=\"160\""), std::string::npos);
    for (const auto* r : {&retry, &grey}) {
        EXPECT_NE(head_of(*r).find("Cache-Control: no-store"), std::string::npos);
    }
    policies_["default"].pending = WhilePending::kAbsent;
    EXPECT_EQ(at("default", "/w320").status, 404U);
    EXPECT_EQ(at("secret", "/w320").status, 404U) << "attack 116: private ones say nothing";
}

TEST_F(EdgeRoutesTest, CacheStatusSaysWhereAnAnswerCameFrom) {
    EXPECT_NE(
        head_of(get(path("w320"))).find("Cache-Status: pixgate; fwd=uri-miss; stored"),
        std::string::npos
    );
    EXPECT_NE(
        head_of(get(path("w320"))).find("Cache-Status: pixgate; hit; ttl=86400"), std::string::npos
    );
    EXPECT_NE(
        head_of(get(path("w320"), {{"Range", "bytes=0-1"}})).find("Cache-Status: pixgate; hit"),
        std::string::npos
    );
    EXPECT_NE(
        head_of(get(path("w=x"))).find("Cache-Status: pixgate; fwd=bypass"), std::string::npos
    );
}

TEST_F(EdgeRoutesTest, G105_OnlyTheDeliveryPathIsAnImage) {
    for (const char* p : {"/i/", "/i/x.png", "/i//w320", "/i/../v1/images", "/account/x.png"}) {
        EXPECT_GE(get(p).status, 400U) << p;
    }
    EXPECT_EQ(get(path("w320") + ";.jpg").status, 400U);
    EXPECT_EQ(get(path("w320%0a.jpg")).status, 400U);
}

TEST_F(EdgeRoutesTest, G104_FieldsThatAreNoPartOfTheKeyChangeNothing) {
    const auto plain = body_of(get(path("w320")));
    for (const char* name :
         {"X-Forwarded-Host", "DPR", "Save-Data", "Origin", "Cookie", "X-Forwarded-Proto",
          "Authorization"}) {
        EXPECT_EQ(body_of(get(path("w320"), {{name, "evil.example"}})), plain) << name;
    }
}

TEST_F(EdgeRoutesTest, G106_FailuresAreNeverCached) {
    failure_ = Error{Errc::kCrashed, "child died", {}};
    const auto r = get(path("w640"));
    EXPECT_EQ(r.status, 422U);
    EXPECT_NE(head_of(r).find("no-store"), std::string::npos);
    failure_ = Error{Errc::kOverloaded, "full", "transform_queue_full"};
    const auto busy = get(path("w1280"));
    EXPECT_EQ(busy.status, 503U);
    EXPECT_NE(head_of(busy).find("Retry-After"), std::string::npos);
    failure_.reset();
    EXPECT_EQ(get(path("w1280")).status, 200U);
    clock_.advance(61s);
    EXPECT_EQ(get(path("w640")).status, 200U);
}

TEST_F(EdgeRoutesTest, G113_ADeletedPictureIsGoneAtOnce) {
    EXPECT_EQ(get(path("w320")).status, 200U);
    Change change;
    change.id = ImageId{public_id_};
    change.to = ImageState::kDeleted;
    change.at = clock_.now();
    ASSERT_TRUE(run_task(adapters_.catalog->apply(std::move(change))));
    deliver_.bury(ImageId{public_id_});
    EXPECT_EQ(get(path("w320")).status, 404U);
}

UrlRules with_dialects() {
    UrlRules rules;
    rules.dialects = {"imgproxy", "cloudflare", "supabase", "ipx"};
    rules.imgproxy_keys = {{"secret", "hello"}};
    return rules;
}

TEST_F(EdgeRoutesTest, DialectsAreOffUntilTheyAreSwitchedOn) {
    const std::vector<std::pair<std::string, std::string>> same{
        {"/imgproxy/insecure/rs:fill:320:320/plain/" + public_id_ + "@webp",
         "picture w=320,h=320,fit=crop,f=webp"},
        {"/cdn-cgi/image/w=320,fit=scale-down,f=webp/" + public_id_, "picture w=320,f=webp"},
        {"/render/image/public/pixgate-originals/" + public_id_ + "?width=320&format=webp",
         "picture w=320,f=webp"},
        {"/storage/v1/render/image/public/pixgate-originals/" + public_id_ +
             "?width=320&format=origin",
         "picture w=320,f=jpeg"},
        {"/ipx/w_320,f_webp/" + public_id_, "picture w=320,f=webp"},
    };
    for (const auto& [url, body] : same) EXPECT_EQ(get(url).status, 404U) << url;
    with_rules(with_dialects());
    for (const auto& [url, body] : same) {
        const auto r = get(url, {{"Accept", "image/webp"}});
        EXPECT_EQ(r.status, 200U) << url << body_of(r);
        EXPECT_EQ(body_of(r), body) << url;
        EXPECT_EQ(head_of(r).find("Vary"), std::string::npos) << url;
    }
}

TEST_F(EdgeRoutesTest, G98_G99_DialectsFollowTheSameRuleOfWhatIsFree) {
    with_rules(with_dialects());
    for (const std::string& url :
         {"/imgproxy/_/w:301/plain/" + public_id_, "/cdn-cgi/image/w=301/" + public_id_,
          "/render/image/public/pixgate-originals/" + public_id_ + "?width=301",
          "/ipx/w_301/" + public_id_, "/imgproxy/AAAA/w:320/plain/" + public_id_}) {
        EXPECT_EQ(get(url).status, 403U) << url;
    }
    const std::string path = "/w:301/plain/" + private_id_;
    const auto status_of = [this](const std::string& rest) {
        const auto sig = dialects::imgproxy_signature({"secret", "hello"}, rest);
        return get("/imgproxy/" + sig + rest).status;
    };
    EXPECT_EQ(status_of("/exp:1767225601" + path), 200U);
    EXPECT_EQ(status_of("/exp:1767225599" + path), 404U);
    EXPECT_EQ(get("/imgproxy/_/w:320/plain/" + private_id_).status, 404U);
    // Without an end it opens sizes, and private pictures only where that is switched on.
    EXPECT_EQ(status_of("/w:301/plain/" + public_id_), 200U);
    EXPECT_EQ(status_of(path), 404U);
    signer_ = {{{"k1", std::string(32, 's')}}, "k1", {.may_be_endless = true}};
    EXPECT_EQ(status_of(path), 200U);
    EXPECT_EQ(get(signer_.sign("/ipx/w_301/" + private_id_, clock_.now() + 1h)).status, 200U);
    for (const char* url :
         {"/imgproxy/_/w:320/plain/http://127.0.0.1/a.jpg",
          "/cdn-cgi/image/w=320/http://127.0.0.1/", "/ipx/w_320/..%2f..%2fetc%2fpasswd", "/ipx/",
          "/imgproxy", "/cdn-cgi/image/"}) {
        EXPECT_EQ(get(url).status, 404U) << url;
    }
}

TEST_F(EdgeRoutesTest, AFamilySignatureOpensAPrivatePictureInItsScope) {
    const auto end = clock_.now() + 1h;
    const auto listed = signer_.sign_family(private_id_, SignedFor::kListed, end);
    const auto image = signer_.sign_family(private_id_, SignedFor::kImage, end);
    const std::string folder = "/i/" + private_id_ + "/";
    EXPECT_EQ(get(folder + "w=320?" + listed).status, 200U);
    EXPECT_EQ(get(folder + "w=301?" + listed).status, 403U);
    EXPECT_EQ(get(folder + "w=301?" + image).status, 200U);
    EXPECT_EQ(get(path("w=301") + "?" + image).status, 403U);
}

TEST_F(EdgeRoutesTest, SizesAreSnappedWhereThatIsSwitchedOn) {
    UrlRules rules;
    rules.openness.snap_widths = true;
    ASSERT_TRUE(rules.presets.set("hero", "w=1500,sharpen=1,f=jpeg"));
    with_rules(std::move(rules));
    EXPECT_EQ(body_of(get(path("w=301,f=jpeg"))), "picture w=320,f=jpeg");
    EXPECT_EQ(body_of(get(path("hero"))), "picture w=1500,sharpen=1,f=jpeg");
    EXPECT_EQ(get(path("w=301,sharpen=1")).status, 403U);
}

TEST_F(EdgeRoutesTest, ClientHintsAreRoundedToTheListAndSaidInVary) {
    EXPECT_EQ(get(path("w=auto"), {{"Sec-CH-Width", "300"}}).status, 400U);
    UrlRules rules;
    rules.client_hints = true;
    with_rules(std::move(rules));
    const auto r = get(path("w=auto,f=jpeg"), {{"Sec-CH-Width", "300"}});
    EXPECT_EQ(body_of(r), "picture w=320,f=jpeg");
    EXPECT_NE(head_of(r).find("Vary: Sec-CH-Width\r\n"), std::string::npos);
    const auto dense = get(path("w=320,dpr=auto"), {{"Sec-CH-DPR", "1.6000000238"}});
    EXPECT_EQ(body_of(dense), "picture w=640,f=jpeg");
    EXPECT_NE(head_of(dense).find("Vary: Sec-CH-DPR, Accept\r\n"), std::string::npos);
    for (const auto& [hint, width] : std::vector<std::pair<std::string, std::string>>{
             {"1", "1280"},
             {"1.5", "1920"},
             {"2", "1920"},
             {"99", "1920"},
             {"x", "1280"},
             {"-1", "1280"}
         }) {
        EXPECT_EQ(
            body_of(get(path("w=1280,dpr=auto,f=jpeg"), {{"Sec-CH-DPR", hint}})),
            "picture w=" + width + ",f=jpeg"
        ) << hint;
    }
    EXPECT_EQ(body_of(get(path("w=auto,f=jpeg"))), "picture w=960,f=jpeg");
    EXPECT_EQ(
        body_of(get(path("w=auto,f=jpeg"), {{"Sec-CH-Width", "99999"}})), "picture w=2048,f=jpeg"
    );
    EXPECT_EQ(get(path("w=auto,w=320"), {{"Sec-CH-Width", "300"}}).status, 400U);
}

TEST_F(EdgeRoutesTest, AvifIsSentOnlyWhereItIsSwitchedOn) {
    const std::vector<std::pair<std::string, std::string>> chrome{
        {"Accept", "image/avif,image/webp,*/*;q=0.8"}
    };
    EXPECT_EQ(body_of(get(path("w320"), chrome)), "picture w=320,f=webp");
    UrlRules rules;
    rules.auto_formats = {.webp = true, .avif = true};
    with_rules(std::move(rules));
    EXPECT_EQ(body_of(get(path("w320"), chrome)), "picture w=320,f=avif");
}

}  // namespace
}  // namespace pixgate::edge
