#include <gtest/gtest.h>

#include "base/encoding.h"
#include "core/dialects/dialect.h"

namespace pixgate::dialects {
namespace {

const std::string an_id = "0192f0c1-2222-7333-8444-555566667777";

Presets some_presets() {
    Presets out;
    EXPECT_TRUE(out.set("hero", "w=1500,h=700,fit=cover,gravity=top,sharpen=1"));
    EXPECT_TRUE(
        out.set("card", "w=300,h=200,fit=pad,gravity=left,background=000,metadata=copyright")
    );
    EXPECT_TRUE(out.set("large", "w=900,h=900,fit=cover,enlarge=1,f=webp"));
    EXPECT_TRUE(out.set("flat", "w=90,h=60,fit=squeeze"));
    return out;
}

struct World {
    Presets presets = some_presets();
    std::vector<ImgproxyKey> keys{{"secret", "hello"}};
    Settings settings{presets, keys};
};

std::string shown(const Result<Asked>& asked) {
    if (!asked)
        return std::string(name_of(asked.error().code)) +
               (asked.error().reason.empty() ? "" : " " + asked.error().reason);
    if (asked->id.value != an_id) return "another picture";
    return canonical(asked->transform);
}
std::string imgproxy(const std::string& options) {
    World w;
    return shown(read_imgproxy("/insecure/" + options + "plain/" + an_id, "", w.settings));
}
std::string cloudflare(const std::string& options) {
    World w;
    return shown(read_cloudflare("/" + options + "/" + an_id, "", w.settings));
}
std::string supabase(const std::string& query) {
    World w;
    return shown(read_supabase("/pixgate-originals/" + an_id, query, w.settings));
}
std::string ipx(const std::string& modifiers) {
    World w;
    return shown(read_ipx("/" + modifiers + "/" + an_id, "", w.settings));
}

TEST(DialectSource, OnlyOurOwnPicturesAreSources) {
    for (const std::string& own :
         {an_id, "pixgate://" + an_id, "s3://pixgate-originals/" + an_id + "/original"}) {
        ASSERT_TRUE(own_image(own)) << own;
        EXPECT_EQ(own_image(own)->value, an_id);
    }
    for (const std::string& foreign :
         {std::string(), std::string("http://127.0.0.1/"), "http://x/" + an_id, "//" + an_id,
          "../" + an_id, an_id + "/", an_id + "x", "pixgate://pixgate://" + an_id,
          "pixgate:///" + an_id, "s3://other/" + an_id + "/original",
          "s3://pixgate-variants/" + an_id + "/original", "s3://pixgate-originals/" + an_id,
          "s3://pixgate-originals/" + an_id + "/thumbnails/a", std::string("local:///etc/passwd"),
          std::string("file:///etc/passwd")}) {
        const auto id = own_image(foreign);
        ASSERT_FALSE(id) << foreign;
        EXPECT_EQ(id.error().code, Errc::kNotFound);
    }
}

TEST(Imgproxy, TheDocumentedVectorIsOurs) {
    EXPECT_EQ(
        imgproxy_signature(
            {"secret", "hello"},
            "/rs:fill:300:400:0/g:sm/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png"
        ),
        "oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8"
    );
}

TEST(Imgproxy, OptionsBecomeTheTransform) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "f=auto"},
        {"rs:fit:320:240/", "w=320,h=240,f=auto"},
        {"rs:fill:300:400:0/g:sm/", "w=300,h=400,fit=crop,gravity=smart,f=auto"},
        {"resize:fill:300:400:1/", "w=300,h=400,fit=cover,enlarge=1,f=auto"},
        {"rs:fill-down:300:400/", "w=300,h=400,fit=crop,f=auto"},
        {"rs:force:300/", "invalid_argument resizing_type"},
        {"rt:force/h:300/", "invalid_argument resizing_type"},
        {"rt:force/", "f=auto"},
        {"rs:force:300:400/", "w=300,h=400,fit=squeeze,f=auto"},
        {"rs:fill:300/", "w=300,f=auto"},
        {"rs:fit:300:0:1/", "w=300,fit=contain,enlarge=1,f=auto"},
        {"rs:fit:300:200:0:1/bg:255:0:17/", "w=300,h=200,fit=pad,background=ff0011,f=auto"},
        {"s:300:200/ex:1/g:no/", "w=300,h=200,fit=pad,f=auto"},
        {"s:300:200/ex:1:no/g:so/", "w=300,h=200,fit=pad,gravity=top,f=auto"},
        {"s:300:200/ex:1:fp:0.3:0.75/", "w=300,h=200,fit=pad,gravity=0.3x0.75,f=auto"},
        {"s:300:200/ex:1:sm/", "invalid_argument ex"},
        {"s:300:200/ex:0:no/", "w=300,h=200,f=auto"},
        {"ex:1/", "f=auto"},
        {"w:300/ex:1/", "invalid_argument extend"},
        {"w:300/ex:1/el:1/", "w=300,fit=contain,enlarge=1,f=auto"},
        {"rs:fill:300:200:0:1/", "invalid_argument extend"},
        {"rs:fill:300:200:1:1/", "w=300,h=200,fit=cover,enlarge=1,f=auto"},
        {"rs:force:300:200:0:1/", "invalid_argument extend"},
        {"rs:fill-down:300:200:1:1/", "invalid_argument extend"},
        {"w:320/h:0/q:75/f:webp/", "w=320,q=75,f=webp"},
        {"s:320:240/rt:fill/g:nowe/dpr:2/", "w=640,h=480,fit=crop,gravity=top-left,f=auto"},
        {"s:320:240/rt:fill/g:fp:0.3:0.75/", "w=320,h=240,fit=crop,gravity=0.3x0.75,f=auto"},
        {"c:100:50:nowe:10:20/w:50/", "w=50,crop=10x20x100x50,f=auto"},
        {"rot:450/", "invalid_argument rot"},
        {"rot:90/fl:1/w:320/", "w=320,rotate=90,flip=h,f=auto"},
        {"bl:2.5/sh:1/t:10/bg:abc/w:320/",
         "w=320,trim=10,background=aabbcc,blur=2.5,sharpen=1,f=auto"},
        {"wm:0.5:soea:0:0:0.2/w:640/", "w=640,watermark=bottom-right,f=auto"},
        {"bl:2.5/dpr:2/w:160/", "w=320,blur=2.5,f=auto"},
        {"wm:0.8:re:0:0:0.2/w:640/", "w=640,watermark=tile:20:80,f=auto"},
        {"wm:0.8:re/w:640/", "invalid_argument wm"},
        {"wm:0.8:re:0:0:0/w:640/", "invalid_argument wm"},
        {"wm:0/w:640/", "w=640,f=auto"},
        {"sm:1/kcr:1/cb:7/w:320/", "w=320,metadata=copyright,f=auto"},
        {"rs:auto:300:400/", "invalid_argument rs"},
        {"w:4097/", "invalid_argument w"},
        {"w:-1/", "invalid_argument w"},
        {"w:0320/", "invalid_argument w"},
        {"w:/", "invalid_argument w"},
        {"g:no:10:0/", "invalid_argument g"},
        {"c:100:50/", "invalid_argument c"},
        {"c:100:50:nowe:1:1/rot:90/", "invalid_argument crop"},
        {"sm:0/", "invalid_argument sm"},
        {"max_src_resolution:500/", "invalid_argument max_src_resoluti"},
        {"msr:500/", "invalid_argument msr"},
        {"pr:sharp/", "invalid_argument pr"},
        {"pr:hero:sharp/", "invalid_argument pr"},
        {"pr:hero/", "w=1500,h=700,fit=crop,gravity=top,sharpen=1,f=auto"},
        {"preset:hero/w:750/dpr:2/g:so/", "w=1500,h=1400,fit=crop,gravity=bottom,sharpen=1,f=auto"},
        {"w:750/g:so/pr:hero/", "w=1500,h=700,fit=crop,gravity=top,sharpen=1,f=auto"},
        {"pr:card/", "w=300,h=200,fit=pad,gravity=left,background=000000,metadata=copyright,f=auto"
        },
        {"pr:large/", "w=900,h=900,fit=cover,enlarge=1,f=webp"},
        {"pr:flat/", "w=90,h=60,fit=squeeze,f=auto"},
        {"pr:hero:flat/", "w=90,h=60,fit=squeeze,sharpen=1,f=auto"},
        {"pr:w640/", "w=640,f=auto"},
        {"f:svg/", "invalid_argument f"},
        {"w:1:2/", "invalid_argument w"},
        {"dpr:5/", "invalid_argument dpr"},
        {"exp:x/", "invalid_argument exp"},
    };
    for (const auto& [options, wanted] : cases) EXPECT_EQ(imgproxy(options), wanted) << options;
}

TEST(Imgproxy, SourcesComePlainAndEncoded) {
    World w;
    const auto read = [&](const std::string& rest) {
        return shown(read_imgproxy("/unsafe/w:320/" + rest, "", w.settings));
    };
    const auto encoded = base64url_encode(as_bytes("pixgate://" + an_id));
    EXPECT_EQ(read("plain/pixgate%3A%2F%2F" + an_id + "@webp"), "w=320,f=webp");
    EXPECT_EQ(read("plain/s3://pixgate-originals/" + an_id + "/original@jpg"), "w=320,f=jpeg");
    EXPECT_EQ(read(encoded + ".png"), "w=320,f=png");
    EXPECT_EQ(read(encoded.substr(0, 16) + "/" + encoded.substr(16)), "w=320,f=auto");
    EXPECT_EQ(read("plain/" + an_id + "@exe"), "invalid_argument ext");
    EXPECT_EQ(read("plain/http://example.com/a.jpg"), "not_found");
    EXPECT_EQ(read("aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png"), "not_found");
    EXPECT_EQ(read("enc/abcd"), "not_found");
    EXPECT_EQ(read("plain/%zz"), "invalid_argument");
    EXPECT_EQ(read(""), "not_found");
    for (const char* path : {"", "/", "/insecure", "/insecure/", "insecure/plain/x"}) {
        EXPECT_EQ(shown(read_imgproxy(path, "", w.settings)), "not_found") << path;
    }
}

TEST(Imgproxy, G98_ASignatureIsOfItsWholePathByOneOfTheKeys) {
    World w;
    const std::string path = "/w:301/plain/" + an_id;
    const auto good = imgproxy_signature({"secret", "hello"}, path);
    const auto asked = read_imgproxy("/" + good + path, "", w.settings);
    ASSERT_TRUE(asked);
    EXPECT_TRUE(asked->is_signed);
    EXPECT_FALSE(read_imgproxy("/_" + path, "", w.settings)->is_signed);
    w.keys = {{"new", "new"}, {"secret", "hello"}};
    EXPECT_TRUE(read_imgproxy("/" + good + path, "", w.settings));
    for (const std::string& bad :
         {"/" + good + "/w:302/plain/" + an_id, "/" + good.substr(1) + path,
          "/" + good + "A" + path, "/" + good.substr(0, 10) + path, "/" + path, "/x" + path}) {
        EXPECT_EQ(shown(read_imgproxy(bad, "", w.settings)), "permission_denied") << bad;
    }
    w.keys.clear();
    EXPECT_EQ(shown(read_imgproxy("/" + good + path, "", w.settings)), "permission_denied");
    EXPECT_EQ(
        read_imgproxy("/_/exp:1767225600" + path, "", w.settings)->expires_at_s, 1'767'225'600
    );
}

TEST(Cloudflare, OptionsBecomeTheTransform) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"width=320,quality=75,format=auto", "w=320,q=75,f=auto"},
        {"w=320,h=240,fit=cover,g=auto", "w=320,h=240,fit=cover,enlarge=1,gravity=smart,f=auto"},
        {"w=320,h=240,fit=crop,gravity=left", "w=320,h=240,fit=crop,gravity=left,f=auto"},
        {"w=320,h=240,fit=crop,gravity=0.2x0.4", "w=320,h=240,fit=crop,gravity=0.2x0.4,f=auto"},
        {"w=320,h=240,fit=pad,background=%23fff",
         "w=320,h=240,fit=pad,enlarge=1,background=ffffff,f=auto"},
        {"w=320,fit=contain", "w=320,fit=contain,enlarge=1,f=auto"},
        {"w=320,fit=crop", "w=320,f=auto"},
        {"w=160,dpr=2,f=baseline-jpeg", "w=320,f=jpeg"},
        {"w=320,blur=250", "w=320,blur=100,f=auto"},
        {"w=320,brightness=1.5,contrast=0.5,saturation=0,sharpen=2",
         "w=320,sharpen=2,brightness=1.5,contrast=0.5,saturation=0,f=auto"},
        {"w=320,h=240,fit=aspect-crop", "w=320,h=240,fit=crop,f=auto"},
        {"w=320,fit=aspect-crop", "w=320,f=auto"},
        // Mirrored, then turned.
        {"w=320,rotate=90,flip=h", "w=320,rotate=90,flip=v,f=auto"},
        {"w=320,flip=v,rotate=90", "w=320,rotate=90,flip=h,f=auto"},
        {"w=320,rotate=270,flip=h", "w=320,rotate=90,flip=h,f=auto"},
        {"w=320,rotate=180,flip=h", "w=320,flip=v,f=auto"},
        {"w=320,rotate=90,flip=hv", "w=320,rotate=270,f=auto"},
        {"w=320,flip=h", "w=320,flip=h,f=auto"},
        {"w=320,anim=true,metadata=copyright,onerror=redirect,compression=fast",
         "w=320,anim=1,metadata=copyright,f=auto"},
        {"width=320%2Cq=high", "w=320,q=90,f=auto"},
        {"w=320,width=320", "invalid_argument width"},
        {"w=auto", "invalid_argument w"},
        {"w=320,g=face", "invalid_argument g"},
        {"w=320,metadata=keep", "invalid_argument metadata"},
        {"w=320,f=json", "invalid_argument f"},
        {"w=320,border=1", "invalid_argument border"},
        {"w=320,", "invalid_argument"},
        {"fit=crop-aspect,w=1,h=1", "invalid_argument fit"},
        {"w=320,background=rgb(1)", "invalid_argument background"},
    };
    for (const auto& [options, wanted] : cases) EXPECT_EQ(cloudflare(options), wanted) << options;
    World w;
    for (const char* source : {"https://example.com/a.jpg", "a.jpg", "/etc/passwd", ""}) {
        EXPECT_EQ(
            shown(read_cloudflare(std::string("/w=320/") + source, "", w.settings)), "not_found"
        );
    }
    EXPECT_EQ(shown(read_cloudflare("/w=320", "", w.settings)), "not_found");
}

TEST(Supabase, TheQueryBecomesTheTransform) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "f=auto"},
        {"width=320", "w=320,f=auto"},
        {"width=320&height=240", "w=320,h=240,fit=crop,f=auto"},
        {"height=240&width=320&resize=contain", "w=320,h=240,f=auto"},
        {"width=320&height=240&resize=fill&quality=60", "w=320,h=240,fit=squeeze,q=60,f=auto"},
        {"width=320&resize=fill", "invalid_argument resize"},
        {"resize=fill&height=320", "invalid_argument resize"},
        {"resize=fill", "f=auto"},
        {"width=320&format=webp", "w=320,f=webp"},
        {"width=320&format=origin", "w=320,f=auto"},
        {"width=2501", "invalid_argument width"},
        {"width=320&width=320", "invalid_argument width"},
        {"width=", "invalid_argument width"},
        {"width", "invalid_argument width"},
        {"quality=19", "invalid_argument quality"},
        {"format=png", "invalid_argument format"},
        {"resize=Cover", "invalid_argument resize"},
        {"width=320&kid=k1&sig=x", "invalid_argument kid"},
        {"width=%33", "invalid_argument width"},
    };
    for (const auto& [query, wanted] : cases) EXPECT_EQ(supabase(query), wanted) << query;
    World w;
    EXPECT_TRUE(
        read_supabase("/pixgate-originals/" + an_id, "format=origin", w.settings)->keeps_format
    );
    EXPECT_EQ(
        shown(read_supabase("/pixgate-originals/" + an_id + "/original", "", w.settings)), "f=auto"
    );
    for (const std::string& path :
         {"/other/" + an_id, "/pixgate-variants/" + an_id, "/" + an_id,
          "/pixgate-originals/" + an_id + "/thumbnails/a", "/pixgate-originals/pixgate://" + an_id,
          std::string()}) {
        EXPECT_EQ(shown(read_supabase(path, "", w.settings)), "not_found") << path;
    }
}

TEST(Ipx, ModifiersBecomeTheTransform) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"_", "f=auto"},
        {"w_200,f_webp,q_70", "w=200,q=70,f=webp"},
        {"s_200x100", "w=200,h=100,fit=crop,f=auto"},
        {"w_200,h_100,fit_inside", "w=200,h=100,f=auto"},
        {"s_200x100,fit_contain,b_000", "w=200,h=100,fit=pad,background=000000,f=auto"},
        {"s_200x100,fit_fill", "w=200,h=100,fit=squeeze,f=auto"},
        {"s_200x200,fit_cover,pos_top", "w=200,h=200,fit=crop,gravity=top,f=auto"},
        {"s_200x200,pos_right%20top,enlarge",
         "w=200,h=200,fit=cover,enlarge=1,gravity=top-right,f=auto"},
        {"s_200x200,position_attention", "w=200,h=200,fit=crop,gravity=smart,f=auto"},
        {"extract_1_2_30_40", "crop=1x2x30x40,f=auto"},
        {"crop_1_2_30_40", "crop=1x2x30x40,f=auto"},
        // Mirrored, then turned.
        {"rotate_90,flip,w_320", "w=320,rotate=90,flip=h,f=auto"},
        {"rotate_90,flop,w_320", "w=320,rotate=90,flip=v,f=auto"},
        {"rotate_90,flip,flop,w_320", "w=320,rotate=270,f=auto"},
        {"flop,w_320", "w=320,flip=h,f=auto"},
        {"extract_1_2_30_40,rotate_90", "invalid_argument extract"},
        {"flop,crop_1_2_30_40", "invalid_argument extract"},
        // As Nuxt Image writes it, and the other separators of names.
        {"w_200&f_webp&q_70", "w=200,q=70,f=webp"},
        {"w_200%26f_webp", "w=200,f=webp"},
        {"w=200&h:100&fit=cover", "w=200,h=100,fit=crop,f=auto"},
        {"extract:1:2:30:40", "crop=1x2x30x40,f=auto"},
        {"w_200&", "invalid_argument"},
        {"w_200&width=1", "invalid_argument width"},
        {"sharpen_30", "invalid_argument sharpen"},
        {"sharpen", "invalid_argument sharpen"},
        {"sharpen_1_1_1", "invalid_argument sharpen"},
        {"blur_5,sharpen_2,trim_10,grayscale,a,f_auto",
         "trim=10,blur=5,sharpen=2,grayscale=1,anim=1,f=auto"},
        {"w_0", "invalid_argument w"},
        {"w_1,width_1", "invalid_argument width"},
        {"fit_outside,s_1x1", "invalid_argument fit"},
        {"tint_ff0000", "invalid_argument tint"},
        {"", "invalid_argument"},
        {"w_1,", "invalid_argument"},
        {"f_svg", "invalid_argument f"},
        {"s_200", "invalid_argument s"},
        {"crop_1_2_3", "invalid_argument crop"},
    };
    for (const auto& [modifiers, wanted] : cases) EXPECT_EQ(ipx(modifiers), wanted) << modifiers;
    World w;
    for (const char* source : {"https://example.com/a.jpg", "../../etc/passwd", "a.png", ""}) {
        EXPECT_EQ(shown(read_ipx(std::string("/_/") + source, "", w.settings)), "not_found");
    }
}

}  // namespace
}  // namespace pixgate::dialects
