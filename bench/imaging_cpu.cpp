// CPU time of each step of making pictures, in this process, one thread: for every file named on
// the command line the decode at each scale, single sizes, and first contact. Medians of rounds.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "imaging/planes/lean.h"
#include "imaging/planes/render.h"
#include "imaging/prepare.h"
#include "imaging/transform.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"

namespace {

using namespace pixgate;
using namespace pixgate::imaging;

constexpr int kRounds = 5;

double cpu_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double median_ms(const std::function<void()>& work) {
    std::vector<double> taken;
    for (int round = 0; round < kRounds; ++round) {
        const double begin = cpu_ms();
        work();
        taken.push_back(cpu_ms() - begin);
    }
    std::ranges::sort(taken);
    return taken[taken.size() / 2];
}

Facts facts_of(Bytes data) {
    VerifyRequest header;
    header.check_declared = false;
    return verify_header(data, header).facts;
}

void measure_decode(Bytes data) {
    for (const int shrink : {1, 2, 4, 8}) {
        const double ms = median_ms([&] {
            JpegReader reader(data, 1ULL << 30);
            JpegHead head;
            Planes planes;
            if (!reader.read_head(head) || !head.is_planar ||
                !decode_planes(reader, shrink, ChromaWanted::kHalf, planes))
                std::puts("  not a planar JPEG");
        });
        std::printf("  decode 1/%d            %8.2f ms\n", shrink, ms);
    }
}

void measure_size(Bytes data, std::uint32_t width_px, OutputFormat format, std::uint8_t effort) {
    TransformRequest request;
    request.transform.width_px = width_px;
    request.transform.format = format;
    request.effort = effort;
    TransformAnswer answer;
    const double ms = median_ms([&] { answer = transform_bytes(data, request); });
    std::printf(
        "  %s %4u effort %d     %8.2f ms %8zu bytes\n",
        format == OutputFormat::kWebp ? "webp" : "jpeg", width_px, effort, ms, answer.bytes.size()
    );
}

// The steps of one size, each alone.
void measure_steps(Bytes data, const Facts& facts, std::uint32_t width_px) {
    TransformRequest request;
    request.transform.width_px = width_px;
    const Plan plan = plan_transform({facts.width_px, facts.height_px}, request);
    JpegReader reader(data, 1ULL << 30);
    JpegHead head;
    Planes planes;
    if (facts.orientation != 1 || !reader.read_head(head) ||
        !decode_planes(reader, shrink_for(plan.crop, plan.resized), ChromaWanted::kHalf, planes))
        return;
    const Rendering how{plan.source, {plan.crop_at, plan.crop}, plan.resized, 1, kHalfChroma};
    Planes made;
    std::printf("  resize to %4u        %8.2f ms\n", width_px, median_ms([&] {
                    made = render(planes, how);
                }));
    for (const auto style : {JpegStyle::kPlain, JpegStyle::kProgressive}) {
        std::size_t bytes = 0;
        const double ms = median_ms([&] { bytes = encode_jpeg(made, 80, style)->size(); });
        std::printf(
            "  %s jpeg %4u  %8.2f ms %8zu bytes\n",
            style == JpegStyle::kPlain ? "plain      " : "progressive", width_px, ms, bytes
        );
    }
}

void measure_prepare(Bytes data, std::uint8_t effort) {
    PrepareRequest request;
    request.verify.check_declared = false;
    const auto add = [&](std::uint32_t px, OutputFormat format, bool is_rendition) {
        ProductSpec& spec = request.products.at(request.product_count++);
        spec.transform.width_px = px;
        spec.transform.format = format;
        spec.effort = effort;
        spec.is_rendition = is_rendition;
    };
    for (const std::uint32_t px : {2048U, 1024U, 504U}) add(px, OutputFormat::kJpeg, true);
    for (const std::uint32_t px : {160U, 320U, 640U, 960U, 1600U})
        add(px, OutputFormat::kWebp, false);
    PrepareAnswer answer;
    const double ms = median_ms([&] { answer = prepare_bytes(data, request); });
    std::printf("  first contact effort %d %7.2f ms:", effort, ms);
    for (const Product& product : answer.products)
        std::printf(
            " %ux%u=%zu", product.facts.width_px, product.facts.height_px, product.bytes.size()
        );
    std::printf("\n");
}

void measure(const char* path) {
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    const Bytes data(reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
    const Facts facts = facts_of(data);
    std::printf("%s: %ux%u, %zu bytes\n", path, facts.width_px, facts.height_px, content.size());
    if (facts.format == Format::kJpeg) measure_decode(data);
    for (const std::uint32_t px : {320U, 800U, 1600U}) {
        if (facts.format == Format::kJpeg) measure_steps(data, facts, px);
        measure_size(data, px, OutputFormat::kJpeg, 4);
        measure_size(data, px, OutputFormat::kWebp, 4);
        measure_size(data, px, OutputFormat::kWebp, 2);
    }
    for (const std::uint8_t effort : {std::uint8_t{4}, std::uint8_t{2}})
        measure_prepare(data, effort);
}

}  // namespace

int main(int argc, char** argv) {
    if (!start_vips()) return 1;
    for (int i = 1; i < argc; ++i) measure(argv[i]);
    return argc > 1 ? 0 : 2;
}
