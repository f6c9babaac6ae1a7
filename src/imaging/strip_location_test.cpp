#include "imaging/strip_location.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <vips/vips8>

#include "imaging/probe/formats.h"
#include "imaging/sniff.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"
#include "tests/support/shared_dir.h"

namespace pixgate::imaging {
namespace {

using test::as_bytes;
using test::ByteBuilder;

constexpr std::string_view kPlace = "PLACE-37.5665N";
constexpr std::string_view kCamera = "CAMERA-NAME";

// Camera's model in the first directory, then a GPS directory with one long value.
std::string exif_with_place(Endian endian) {
    ByteBuilder out(endian);
    out.text(endian == Endian::kBig ? "MM" : "II").u16(42).u32(8);
    const std::uint32_t texts_at = 8 + 2 + 3 * 12 + 4;
    const auto gps_at = static_cast<std::uint32_t>(texts_at + kCamera.size() + 1);
    const std::uint32_t place_at = gps_at + 2 + 12 + 4;
    out.u16(3);
    out.u16(0x0110).u16(2).u32(kCamera.size() + 1).u32(texts_at);
    out.u16(0x0112).u16(3).u32(1).u16(6).u16(0);
    out.u16(0x8825).u16(4).u32(1).u32(gps_at);
    out.u32(0).text(kCamera).u8(0);
    out.u16(1).u16(29).u16(2).u32(kPlace.size()).u32(place_at).u32(0).text(kPlace);
    return out.str();
}

std::string jpeg_with(const std::string& exif, const std::string& xmp) {
    const std::string jpeg = test::make_picture(Format::kJpeg, 32, 24);
    ByteBuilder out;
    out.text(jpeg.substr(0, 2)).u16(0xFFE1).u16(8 + exif.size()).text("Exif").u16(0).text(exif);
    if (!xmp.empty())
        out.u16(0xFFE1)
            .u16(2 + 29 + xmp.size())
            .text("http://ns.adobe.com/xap/1.0/")
            .u8(0)
            .text(xmp);
    return out.text(jpeg.substr(2)).str();
}

const std::string xmp_with_place =
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description exif:GPSLatitude=\"37,33.99N\" "
    "dc:format='image/jpeg'><exif:GPSLongitude>126,58.7E</exif:GPSLongitude>"
    "<dc:title>KEPT</dc:title><exif:GPSMapDatum/></rdf:Description></x:xmpmeta>";

std::vector<std::uint8_t> pixels_of(const std::string& picture) {
    EXPECT_TRUE(start_vips().has_value());
    const auto image = vips::VImage::new_from_buffer(picture.data(), picture.size(), "");
    std::size_t bytes = 0;
    auto* data = static_cast<std::uint8_t*>(image.write_to_memory(&bytes));
    std::vector<std::uint8_t> out(data, data + bytes);
    g_free(data);
    return out;
}

TEST(StripLocation, TakesThePlaceOutAndLeavesTheRest) {
    for (const Endian endian : {Endian::kBig, Endian::kLittle}) {
        const auto picture = jpeg_with(exif_with_place(endian), xmp_with_place);
        const auto stripped = strip_location(as_bytes(picture), Format::kJpeg);
        ASSERT_TRUE(stripped.has_value());
        EXPECT_EQ(stripped->size(), picture.size());
        EXPECT_FALSE(stripped->contains(kPlace));
        EXPECT_FALSE(stripped->contains("GPS"));
        EXPECT_FALSE(stripped->contains("126,58"));
        EXPECT_TRUE(stripped->contains(kCamera));
        EXPECT_TRUE(stripped->contains("<dc:title>KEPT</dc:title>"));
        EXPECT_EQ(read_exif_orientation(as_bytes(*stripped).subspan(12)), 6);
        EXPECT_EQ(pixels_of(*stripped), pixels_of(picture));
        EXPECT_FALSE(strip_location(as_bytes(*stripped), Format::kJpeg).has_value());
    }
}

TEST(StripLocation, LeavesPicturesWithoutAPlaceAlone) {
    for (const auto format :
         {Format::kJpeg, Format::kPng, Format::kWebp, Format::kTiff, Format::kGif}) {
        const auto picture = test::make_picture(format, 16, 16);
        EXPECT_FALSE(strip_location(as_bytes(picture), format).has_value()) << name_of(format);
    }
}

TEST(StripLocation, MendsTheChecksumsOfAPng) {
    const auto png = test::make_picture(Format::kPng, 16, 16);
    const std::string exif = exif_with_place(Endian::kBig);
    const std::string body = "eXIf" + exif;
    const std::string hidden = "zTXtRaw profile type exif" + std::string(2, '\0') + "?";
    const auto chunk = [](const std::string& text) {
        return ByteBuilder().u32(text.size() - 4).text(text).u32(png_crc32(as_bytes(text))).str();
    };
    const auto picture = png.substr(0, 33) + chunk(body) + chunk(hidden) + png.substr(33);
    const auto stripped = strip_location(as_bytes(picture), Format::kPng);
    ASSERT_TRUE(stripped.has_value());
    EXPECT_FALSE(stripped->contains(kPlace));
    EXPECT_FALSE(stripped->contains("Raw profile"));
    EXPECT_TRUE(stripped->contains(kCamera));
    const auto at = stripped->find("eXIf");
    const auto kept = stripped->substr(at, body.size());
    ByteReader crc(as_bytes(*stripped).subspan(at + body.size()));
    EXPECT_EQ(crc.u32(), png_crc32(as_bytes(kept)));
    EXPECT_EQ(pixels_of(*stripped), pixels_of(png));
}

std::string box(std::string_view type, const std::string& payload) {
    return ByteBuilder().u32(8 + payload.size()).text(type).text(payload).str();
}

// As libavif writes it: nothing says EXIF where the block lies, and XMP lies there without a
// wrapper.
std::string avif_with(const std::string& exif, const std::string& xmp) {
    const auto item = [](unsigned id, std::string_view type) {
        const auto name = std::string(type) + std::string(1, '\0');
        return box("infe", ByteBuilder().u32(2 << 24).u16(id).u16(0).text(name).str());
    };
    const auto ftyp = box("ftyp", ByteBuilder().text("avif").u32(0).text("avifmif1").str());
    const auto infos =
        box("iinf", ByteBuilder().u32(0).u16(2).text(item(2, "Exif")).text(item(3, "mime")).str());
    constexpr std::size_t kPlacesBytes = 8 + 4 + 2 + 2 + 2 * 14 + 8;
    const std::size_t data_at = ftyp.size() + 12 + infos.size() + kPlacesBytes + 8;
    const std::size_t half = exif.size() / 2;
    ByteBuilder places;
    places.u32(0).u16(0x4400).u16(2);
    // In two pieces, the first behind the second.
    places.u16(2).u16(0).u16(2).u32(data_at + exif.size() - half).u32(4 + half);
    places.u32(data_at).u32(exif.size() - half);
    places.u16(3).u16(0).u16(1).u32(data_at + 4 + exif.size()).u32(xmp.size());
    const auto meta =
        box("meta", ByteBuilder().u32(0).text(infos).text(box("iloc", places.str())).str());
    ByteBuilder data;
    data.text(exif.substr(half)).u32(0).text(exif.substr(0, half)).text(xmp);
    EXPECT_EQ(ftyp.size() + meta.size() + 8, data_at);
    return ftyp + meta + box("mdat", data.str());
}

TEST(StripLocation, FindsWhatOnlyTheItemsOfAnAvifTell) {
    const std::string exif = exif_with_place(Endian::kLittle);
    const auto picture = avif_with(exif, "<a exif:GPSLatitude='37,33N' dc:a='KEPT'/>");
    ASSERT_EQ(sniff(as_bytes(picture)), Format::kAvif);
    const auto stripped = strip_location(as_bytes(picture), Format::kAvif);
    ASSERT_TRUE(stripped.has_value());
    EXPECT_EQ(stripped->size(), picture.size());
    EXPECT_FALSE(stripped->contains(kPlace.substr(0, 5)));
    EXPECT_FALSE(stripped->contains("37,33"));
    EXPECT_TRUE(stripped->contains("KEPT"));
    EXPECT_TRUE(stripped->contains(kCamera.substr(0, 5)));
    EXPECT_FALSE(strip_location(as_bytes(*stripped), Format::kAvif).has_value());
}

TEST(StripLocation, FindsThePlaceInABigTiff) {
    for (const Endian endian : {Endian::kBig, Endian::kLittle}) {
        ByteBuilder out(endian);
        const std::uint64_t gps_at = 16 + 8 + 2 * 20 + 8, place_at = gps_at + 8 + 20 + 8;
        out.text(endian == Endian::kBig ? "MM" : "II").u16(43).u16(8).u16(0).u64(16).u64(2);
        out.u16(0x0112).u16(3).u64(1).u16(6).u16(0).u32(0);
        out.u16(0x8825).u16(4).u64(1).u32(gps_at).u32(0).u64(0);
        out.u64(1).u16(29).u16(2).u64(kPlace.size()).u64(place_at).u64(0).text(kPlace);
        const auto stripped = strip_location(as_bytes(out.str()), Format::kTiff);
        ASSERT_TRUE(stripped.has_value());
        EXPECT_FALSE(stripped->contains(kPlace));
        EXPECT_EQ(stripped->substr(24, 20), out.str().substr(24, 20)) << "the other entry";
        EXPECT_FALSE(strip_location(as_bytes(*stripped), Format::kTiff).has_value());
    }
}

TEST(StripLocation, FindsXmpWithoutItsOptionalWrapper) {
    for (const std::string xmp :
         {"<rdf:RDF><a exif:GPSLatitude='37,33N'/></rdf:RDF>",
          "<?xpacket begin='x'?><r:RDF><a exif:GPSLatitude='37,33N'/></r:RDF><?xpacket end='w'?>"
         }) {
        const auto picture = jpeg_with(exif_with_place(Endian::kBig), xmp);
        const auto stripped = strip_location(as_bytes(picture), Format::kJpeg);
        ASSERT_TRUE(stripped.has_value());
        EXPECT_FALSE(stripped->contains("37,33")) << xmp;
    }
}

// As the specification has it, its own letters taken for lengths, and in blocks as others do.
TEST(StripLocation, FindsTheXmpOfAGif) {
    const auto gif = test::make_picture(Format::kGif, 16, 16);
    const auto trailer_at = gif.size() - 1;
    const std::string packet = "<x:xmpmeta>" + std::string(180, ' ') + "<a exif:GPSLatitude='" +
                               std::string(60, '7') + "'/>KEPT</x:xmpmeta>";
    ByteBuilder raw, blocks;
    raw.u8(0x21).u8(0xFF).u8(11).text("XMP DataXMP").text(packet).u8(1);
    for (int i = 255; i >= 0; --i) raw.u8(static_cast<std::uint64_t>(i));
    raw.u8(0);
    blocks.u8(0x21).u8(0xFF).u8(11).text("XMP DataXMP").u8(255).text(packet.substr(0, 255));
    blocks.u8(packet.size() - 255).text(packet.substr(255)).u8(0);
    for (const auto& extension : {raw.str(), blocks.str()}) {
        const auto picture = gif.substr(0, trailer_at) + extension + gif.substr(trailer_at);
        const auto stripped = strip_location(as_bytes(picture), Format::kGif);
        ASSERT_TRUE(stripped.has_value());
        EXPECT_EQ(stripped->size(), picture.size());
        EXPECT_FALSE(stripped->contains("777"));
        EXPECT_TRUE(stripped->contains("KEPT"));
        EXPECT_EQ(stripped->substr(trailer_at, 14), picture.substr(trailer_at, 14));
        EXPECT_EQ(pixels_of(*stripped), pixels_of(gif));
        EXPECT_FALSE(strip_location(as_bytes(*stripped), Format::kGif).has_value());
    }
}

TEST(StripLocation, LivesThroughDamage) {
    const auto whole = jpeg_with(exif_with_place(Endian::kLittle), xmp_with_place);
    const auto head = whole.substr(0, 700);
    for (std::size_t bytes = 0; bytes < head.size(); ++bytes) {
        (void)strip_location(as_bytes(head.substr(0, bytes)), Format::kJpeg, true);
        auto flipped = head;
        flipped[bytes] = static_cast<char>(~flipped[bytes]);
        if (const auto out = strip_location(as_bytes(flipped), Format::kJpeg, true)) {
            EXPECT_EQ(out->size(), flipped.size());
            EXPECT_FALSE(strip_location(as_bytes(*out), Format::kJpeg, true).has_value());
        }
    }
}

// A directory that is its own GPS directory, and rings of directories.
TEST(StripLocation, EndsOnRings) {
    ByteBuilder ring(Endian::kBig);
    ring.text("MM").u16(42).u32(8).u16(2);
    ring.u16(0x8825).u16(4).u32(1).u32(8).u16(0x8825).u16(4).u32(1).u32(8).u32(8);
    const auto picture = jpeg_with(ring.str(), "");
    const auto stripped = strip_location(as_bytes(picture), Format::kJpeg, true);
    ASSERT_TRUE(stripped.has_value());
    EXPECT_FALSE(strip_location(as_bytes(*stripped), Format::kJpeg, true).has_value());
}

TEST(StripLocation, TakesThePlaceOutOfRealPictures) {
    const auto shared = test::shared_dir();
    if (!shared || !std::filesystem::exists(*shared / "corpus"))
        GTEST_SKIP() << "no picture corpus here (PIXGATE_SHARED)";
    ASSERT_TRUE(start_vips().has_value());
    int stripped_files = 0;
    for (const char* name :
         {"metadata/gps-seoul.png", "metadata/gps-seoul.webp", "metadata/gps-seoul-everything.jpg",
          "metadata/gps-seoul.heic", "metadata/gps-seoul.avif", "metadata/gps-seoul.tif",
          "metadata/dscn0010-gps.jpg", "metadata/thompson-springs-gps.jpg",
          "photos/oppo-r7-13mp-gps.jpg", "photos/iphone8-12mp-gps.heic"}) {
        std::ifstream in(*shared / "corpus" / name, std::ios::binary);
        const std::string picture{std::istreambuf_iterator<char>(in), {}};
        const Format format = sniff(as_bytes(picture));
        const auto stripped = strip_location(as_bytes(picture), format);
        if (!stripped) {
            ADD_FAILURE() << name << ": nothing found";
            continue;
        }
        ++stripped_files;
        const auto image = vips::VImage::new_from_buffer(stripped->data(), stripped->size(), "");
        char** fields = vips_image_get_fields(image.get_image());
        for (char** field = fields; field != nullptr && *field != nullptr; ++field) {
            EXPECT_FALSE(std::string_view(*field).contains("GPS")) << name << ": " << *field;
        }
        g_strfreev(fields);
        EXPECT_FALSE(strip_location(as_bytes(*stripped), format).has_value()) << name;
    }
    EXPECT_GE(stripped_files, 8);
}

}  // namespace
}  // namespace pixgate::imaging
