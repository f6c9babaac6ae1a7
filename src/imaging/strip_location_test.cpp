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

TEST(StripLocation, LivesThroughDamage) {
    const auto whole = jpeg_with(exif_with_place(Endian::kLittle), xmp_with_place);
    const auto head = whole.substr(0, 700);
    for (std::size_t bytes = 0; bytes < head.size(); ++bytes) {
        (void)strip_location(as_bytes(head.substr(0, bytes)), Format::kJpeg, true);
        auto flipped = head;
        flipped[bytes] = static_cast<char>(~flipped[bytes]);
        if (const auto out = strip_location(as_bytes(flipped), Format::kJpeg, true)) {
            EXPECT_EQ(out->size(), flipped.size());
        }
    }
}

// A directory that is its own GPS directory, and rings of directories.
TEST(StripLocation, EndsOnRings) {
    ByteBuilder ring(Endian::kBig);
    ring.text("MM").u16(42).u32(8).u16(2);
    ring.u16(0x8825).u16(4).u32(1).u32(8).u16(0x8825).u16(4).u32(1).u32(8).u32(8);
    const auto picture = jpeg_with(ring.str(), "");
    EXPECT_TRUE(strip_location(as_bytes(picture), Format::kJpeg, true).has_value());
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
