// CPU time of a JPEG at 1/8: our reader of DC coefficients and libjpeg-turbo at scale 1/8, in turn
// on each file. `dc_jpeg [-a] [-n ROUNDS] FILE…`; prints medians in milliseconds and their
// ratio. With -a our reader looks into the AC scans of progressive files too.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>  // jpeglib.h does not include what it needs
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <jpeglib.h>

#include "imaging/jpeg/eighth.h"

namespace {

using pixgate::imaging::Bytes;
namespace jpeg = pixgate::imaging::jpeg;

double cpu_ms() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

// YCbCr, no colour conversion: the least that libjpeg can do.
unsigned libjpeg_eighth(Bytes data) {
    jpeg_decompress_struct decoder{};
    jpeg_error_mgr errors{};
    decoder.err = jpeg_std_error(&errors);  // exits on an error
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, data.data(), data.size());
    jpeg_read_header(&decoder, TRUE);
    decoder.scale_num = 1;
    decoder.scale_denom = 8;
    decoder.out_color_space = decoder.jpeg_color_space;
    jpeg_start_decompress(&decoder);
    std::vector<unsigned char> row(
        std::size_t{decoder.output_width} * static_cast<std::size_t>(decoder.output_components)
    );
    unsigned sum = 0;
    while (decoder.output_scanline < decoder.output_height) {
        unsigned char* rows[] = {row.data()};
        jpeg_read_scanlines(&decoder, rows, 1);
        sum += row[0];
    }
    jpeg_finish_decompress(&decoder);
    jpeg_destroy_decompress(&decoder);
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    int rounds = 11;
    auto ac_scans = jpeg::AcScans::kPassOver;
    for (int option = getopt(argc, argv, "an:"); option != -1; option = getopt(argc, argv, "an:")) {
        if (option == 'a') ac_scans = jpeg::AcScans::kRead;
        if (option == 'n') rounds = std::max(1, std::atoi(optarg));
        if (option == '?') return 2;
    }
    double product = 1;
    int files = 0;
    for (int i = optind; i < argc; ++i) {
        std::ifstream in(argv[i], std::ios::binary);
        const std::vector<std::uint8_t> data{std::istreambuf_iterator<char>(in), {}};
        std::vector<double> ours, theirs;
        const char* detail = "";
        unsigned sum = 0;
        for (int round = 0; round < rounds; ++round) {
            double begin = cpu_ms();
            const auto picture = jpeg::decode_eighth(data, {}, ac_scans);
            ours.push_back(cpu_ms() - begin);
            detail = picture.detail;
            if (picture.status != jpeg::EighthStatus::kDecoded) break;
            begin = cpu_ms();
            sum += libjpeg_eighth(data);
            theirs.push_back(cpu_ms() - begin);
        }
        const std::string name = std::string(argv[i]).substr(std::string(argv[i]).rfind('/') + 1);
        if (theirs.empty()) {
            std::printf("%-36s not decoded: %s\n", name.c_str(), detail);
            continue;
        }
        const double ratio = median(theirs) / median(ours);
        product *= ratio;
        ++files;
        std::printf(
            "%-36s %8.2f ms, libjpeg-turbo %8.2f ms, ratio %5.2f  (%u)\n", name.c_str(),
            median(ours), median(theirs), ratio, sum & 1
        );
    }
    if (files > 0)
        std::printf(
            "%d files, geometric mean of the ratios %.2f\n", files, std::pow(product, 1.0 / files)
        );
    return 0;
}
