// One job of the image engine on one file, in this process, some times over; prints CPU time and
// peak memory as JSON and leaves the last result in a folder.
//   one_picture resize FILE FORMAT WIDTH EFFORT FOLDER
//   one_picture prepare FILE EFFORT FOLDER     the renditions and WebP 160 … 1600
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "flow/products.h"
#include "imaging/prepare.h"
#include "imaging/transform.h"
#include "imaging/vips_setup.h"

namespace {

using namespace pixgate;
using namespace pixgate::imaging;

constexpr int kTimes = 3;

double cpu_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Not getrusage(): its peak begins with that of the process which started this one.
double peak_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::atof(line.c_str() + 6) / 1024;
    }
    return 0;
}

void report(const std::function<void()>& work) {
    std::vector<double> taken;
    for (int i = 0; i < kTimes; ++i) {
        const double begin = cpu_ms();
        work();
        taken.push_back(cpu_ms() - begin);
    }
    std::ranges::sort(taken);
    std::printf("{\"cpu_ms\": %.3f, \"peak_mib\": %.1f}\n", taken[kTimes / 2], peak_mib());
}

void expect_made(Refusal refusal) {
    if (refusal == Refusal::kNone) return;
    std::fprintf(stderr, "refused: %s\n", std::string(code_of(refusal)).c_str());
    std::exit(1);
}

void keep(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

void resize(imaging::Bytes data, char** argv) {
    TransformRequest request;
    request.transform.width_px = static_cast<std::uint32_t>(std::atoi(argv[4]));
    request.transform.quality = 80;
    request.transform.format =
        std::string(argv[3]) == "webp" ? OutputFormat::kWebp : OutputFormat::kJpeg;
    request.effort = static_cast<std::uint8_t>(std::atoi(argv[5]));
    request.limits.max_pixels = 200'000'000;
    request.limits.max_bytes = 100ULL << 20;
    TransformAnswer answer;
    report([&] { answer = transform_bytes(data, request); });
    expect_made(answer.refusal);
    keep(std::string(argv[6]) + "/" + argv[4] + "." + argv[3], answer.bytes);
}

void prepare(imaging::Bytes data, char** argv) {
    PrepareRequest request;
    request.verify.check_declared = false;
    request.verify.limits.max_pixels = 200'000'000;
    request.verify.limits.max_bytes = 100ULL << 20;
    for (const WantedProduct& wanted : wanted_renditions())
        request.products.at(request.product_count++) = wanted.spec;
    for (const std::uint32_t px : {160U, 320U, 640U, 960U, 1600U}) {
        ProductSpec& spec = request.products.at(request.product_count++);
        spec.transform.width_px = px;
        spec.transform.format = OutputFormat::kWebp;
        spec.transform.quality = 80;
        spec.effort = static_cast<std::uint8_t>(std::atoi(argv[3]));
    }
    PrepareAnswer answer;
    report([&] { answer = prepare_bytes(data, request); });
    expect_made(answer.refusal);
    for (const Product& product : answer.products) {
        const auto& spec = request.products.at(product.index);
        const std::string name = std::to_string(spec.transform.width_px);
        keep(
            std::string(argv[4]) + "/" + name + (spec.is_rendition ? ".jpg" : ".webp"),
            product.bytes
        );
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 2 ? argv[1] : "";
    const bool is_known = (what == "resize" && argc == 7) || (what == "prepare" && argc == 5);
    if (!is_known || !start_vips()) return 2;
    std::ifstream file(argv[2], std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(content.data());
    const pixgate::imaging::Bytes data(bytes, content.size());
    if (what == "resize") resize(data, argv);
    if (what == "prepare") prepare(data, argv);
    return 0;
}
