#include <gtest/gtest.h>

#include "base/log.h"

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    pixgate::log::set_level(pixgate::log::Level::kOff);
    return RUN_ALL_TESTS();
}
