#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vips/vips8>

#include "tests/support/source_dir.h"

namespace pixgate::test {
namespace {

using vips::VImage;

constexpr double kGrey = 128;

VImage opened(const std::string& encoded, int frame) {
    auto* options = VImage::option();
    if (frame > 0) options->set("page", frame);
    const VImage image = VImage::new_from_buffer(encoded.data(), encoded.size(), "", options);
    return image.colourspace(VIPS_INTERPRETATION_sRGB).cast(VIPS_FORMAT_UCHAR);
}

VImage as_seen(const VImage& image) {
    const VImage flat = image.has_alpha()
                            ? image.flatten(VImage::option()->set(
                                  "background", std::vector<double>{kGrey, kGrey, kGrey}
                              ))
                            : image;
    return flat.colourspace(VIPS_INTERPRETATION_LAB);
}

VImage alpha_percent(const VImage& image) {
    constexpr double kPercent = 100.0 / 255;
    if (image.has_alpha()) return image.extract_band(image.bands() - 1) * kPercent;
    return image.extract_band(0) * 0 + 100;
}

std::filesystem::path path_of(const std::string& name) {
    return std::filesystem::path(source_dir()) / "tests/golden/images" / (name + ".png");
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

void write_png(const std::string& encoded, int frame, const std::filesystem::path& path) {
    std::filesystem::create_directories(path.parent_path());
    opened(encoded, frame)
        .pngsave(
            path.c_str(), VImage::option()
                              ->set("strip", true)
                              ->set("compression", 9)
                              ->set("filter", VIPS_FOREIGN_PNG_FILTER_ALL)
        );
}

bool is_png(const std::string& encoded) {
    return encoded.starts_with("\x89PNG");
}

}  // namespace

Distance distance_of(const std::string& encoded, const std::string& golden, int frame) {
    const VImage a = opened(encoded, frame), b = opened(golden, 0);
    if (a.width() != b.width() || a.height() != b.height()) return {100, 100};
    const VImage colour = as_seen(a).dE00(as_seen(b));
    const VImage alpha = (alpha_percent(a) - alpha_percent(b)).abs();
    return {std::max(colour.avg(), alpha.avg()), std::max(colour.max(), alpha.max())};
}

void expect_golden(const std::string& encoded, const std::string& name, Distance limit, int frame) {
    const auto path = path_of(name);
    if (std::getenv("PIXGATE_WRITE_GOLDENS") != nullptr && is_png(encoded)) {
        write_png(encoded, frame, path);
        return;
    }
    ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing: see tests/support/golden.h";
    const Distance distance = distance_of(encoded, read_file(path), frame);
    if (distance.mean <= limit.mean && distance.most <= limit.most) return;
    const auto failed = std::filesystem::path(source_dir()) / "build/logs/golden" / (name + ".png");
    write_png(encoded, frame, failed);
    ADD_FAILURE() << name << " differs by " << distance.mean << " on average and by "
                  << distance.most << " at most, over " << limit.mean << " and " << limit.most
                  << "; see " << failed;
}

}  // namespace pixgate::test
