#include <gtest/gtest.h>

#include "base/log.h"
#include "imaging/sandbox/zygote.h"
#include "tests/support/sandboxes.h"

#ifdef PIXGATE_SANITIZED
// Pictures for tests are encoded with x265, which keeps some memory for the whole process.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libx265\n";
}
// libvips and glib are not instrumented and lock in their own ways: what happens inside them is no
// race that ThreadSanitizer could know about.
extern "C" const char* __tsan_default_options() {
    return "ignore_noninstrumented_modules=1";
}
#endif

int main(int argc, char** argv) {
    // Sandbox tests start this binary again as their zygote.
    if (const auto code = pixgate::imaging::run_if_zygote(argc, argv)) return *code;
    if (const auto code = pixgate::test::run_if_spinning_parent(argc, argv)) return *code;
    testing::InitGoogleTest(&argc, argv);
    pixgate::log::set_level(pixgate::log::Level::kOff);
    return RUN_ALL_TESTS();
}
