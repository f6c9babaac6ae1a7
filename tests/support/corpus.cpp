#include "tests/support/corpus.h"

#include <fcntl.h>

#include <fstream>
#include <sstream>

#include "tests/support/shared_dir.h"

namespace pixgate::test {
namespace {

std::vector<std::string> split(const std::string& line, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(line);
    for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
    return parts;
}

}  // namespace

void Corpus::SetUp() {
    const auto shared = shared_dir();
    if (!shared || !std::filesystem::exists(*shared / "corpus" / "MANIFEST.tsv"))
        GTEST_SKIP() << "no picture corpus here (PIXGATE_SHARED)";
    folder_ = *shared / "corpus";
    std::ifstream manifest(folder_ / "MANIFEST.tsv");
    std::string line;
    std::getline(manifest, line);
    while (std::getline(manifest, line)) {
        const auto columns = split(line, '\t');
        ASSERT_GE(columns.size(), 14U) << line;
        rows_.push_back(
            {columns[0], columns[7], columns[8] == "accept", columns[9] == "yes",
             split(columns[13], ';')}
        );
    }
    ASSERT_GT(rows_.size(), 200U);
}

std::string Corpus::bytes_of(const std::string& file) const {
    std::ifstream in(folder_ / file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

UniqueFd Corpus::open(const CorpusRow& row, std::uint64_t& size_bytes) const {
    UniqueFd file(::open((folder_ / row.file).c_str(), O_RDONLY | O_CLOEXEC));
    size_bytes = std::filesystem::file_size(folder_ / row.file);
    return file;
}

}  // namespace pixgate::test
