// The shared corpus of pictures, good and hostile, with what its manifest says of each. Tests are
// skipped, visibly, where there is none.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/fd.h"

namespace pixgate::test {

struct CorpusRow {
    std::string file;  // below the corpus, "color/cmyk.jpg"
    std::string content_type;
    bool is_accepted = false;
    bool is_strict = false;  // false: another verdict is right too
    // Byte strings; GPS, EXIF, XMP and IPTC stand for those kinds of metadata.
    std::vector<std::string> must_not_leak;
};

class Corpus : public testing::Test {
protected:
    void SetUp() override;

    std::string bytes_of(const std::string& file) const;
    UniqueFd open(const CorpusRow& row, std::uint64_t& size_bytes) const;

    std::filesystem::path folder_;
    std::vector<CorpusRow> rows_;
};

}  // namespace pixgate::test
