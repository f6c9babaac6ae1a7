// Pictures compared with stored ones, tests/golden/images/NAME.png, as an eye would: by CIEDE2000,
// so that another version of an encoder passes and a wrong pixel, colour or turn does not.
//
// PIXGATE_WRITE_GOLDENS=1 stores what the tests made instead; look at each of them before it is
// committed. What fails is put into build/logs/golden/NAME.png.
#pragma once

#include <string>

namespace pixgate::test {

// Over all pixels: 1 is just seen, 100 is black against white. Colours are compared as they look on
// middle grey; what alpha differs by counts in percent, where it is more.
struct Distance {
    double mean = 0;
    double most = 0;
};
// Of two encoded pictures; 100 where their sizes differ. `frame` is of the first.
Distance distance_of(const std::string& encoded, const std::string& golden, int frame = 0);

// What goldens are written from, without loss.
inline constexpr Distance kLossless{0.4, 8};

// Fails the running test where `encoded` is further than `limit` from the golden. Only a PNG is
// ever stored as one; other formats are held to the PNG's.
void expect_golden(
    const std::string& encoded, const std::string& name, Distance limit = kLossless, int frame = 0
);

}  // namespace pixgate::test
