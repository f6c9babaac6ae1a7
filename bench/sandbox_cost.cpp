// What the sandbox costs: the same jobs in this process and in the sandbox, a batch of each in
// turn. Resizing a rendition in a warm worker; first contact and the verdict alone in a child of
// their own. Prints CPU time (of this process, the zygote and all children, dead ones too) and wall
// time of one job as JSON, a list of rounds for each. Jobs come with a pause between them, in which
// the zygote gets ready for the next one.
//   sandbox_cost JPEG ROUNDS [CASE]    only the cases whose names begin so
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "imaging/direct.h"
#include "imaging/sandbox/sandbox.h"

namespace {

using namespace pixgate;
using namespace pixgate::imaging;

constexpr std::chrono::milliseconds kPause{3};

struct Costs {
    double cpu_ms = 0;
    double wall_ms = 0;
};

double ms_of(clockid_t clock) {
    timespec now{};
    if (::clock_gettime(clock, &now) != 0) return 0;
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Children that have been waited for, in ticks of 10 ms: nothing finer is told of the dead.
double dead_children_ms(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 2)));
    std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
    if (fields.size() < 15) return 0;
    const double ticks = std::atof(fields[13].c_str()) + std::atof(fields[14].c_str());
    return ticks * 1e3 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void add_tree(int pid, std::set<int>& found) {
    if (!found.insert(pid).second) return;
    std::ifstream children(
        "/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children"
    );
    for (int child = 0; children >> child;) add_tree(child, found);
}

Costs used_until_now() {
    std::set<int> pids;
    add_tree(::getpid(), pids);
    Costs used;
    for (const int pid : pids) {
        clockid_t clock{};
        if (::clock_getcpuclockid(pid, &clock) == 0) used.cpu_ms += ms_of(clock);
        used.cpu_ms += dead_children_ms(pid);
    }
    return used;
}

[[noreturn]] void die(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
}

struct Input {
    UniqueFd file;
    std::uint64_t bytes = 0;
};

Input keep(const std::string& content) {
    Input input{UniqueFd(::memfd_create("bench", MFD_CLOEXEC)), content.size()};
    if (::write(input.file.get(), content.data(), content.size()) != std::ssize(content))
        die("no memory");
    return input;
}

TransformRequest size_request(std::uint32_t width_px, OutputFormat format, Source source) {
    TransformRequest request;
    request.transform.width_px = width_px;
    request.transform.format = format;
    if (format != OutputFormat::kPng) request.transform.quality = 80;
    request.source = source;
    request.limits.max_wall_ms = 60'000;
    return request;
}

PrepareRequest first_contact() {
    PrepareRequest request;
    request.verify.check_declared = false;
    request.verify.limits.max_wall_ms = 60'000;
    const auto add = [&](std::uint32_t px, OutputFormat format, bool is_rendition) {
        ProductSpec& spec = request.products.at(request.product_count++);
        spec.transform.width_px = px;
        spec.transform.format = format;
        if (!is_rendition) spec.transform.quality = 80;
        spec.is_rendition = is_rendition;
    };
    for (const std::uint32_t px : {2048U, 1024U, 504U}) add(px, OutputFormat::kJpeg, true);
    for (const std::uint32_t px : {160U, 320U, 640U, 960U, 1600U})
        add(px, OutputFormat::kWebp, false);
    return request;
}

template <class Answer>
void expect_good(const Result<Answer>& answer) {
    if (!answer) die(answer.error().message);
    if (answer->refusal != Refusal::kNone) die(std::string(code_of(answer->refusal)));
}

std::string made(Imaging& by, const Input& input, const TransformRequest& request) {
    auto answer = by.transform(input.file.get(), input.bytes, request);
    expect_good(answer);
    return std::move(answer->bytes);
}

using Job = std::function<void(Imaging&)>;

Costs measure(const Job& job, Imaging& where, int times) {
    const Costs before = used_until_now();
    double wall_ms = 0;
    for (int i = 0; i < times; ++i) {
        const double began = ms_of(CLOCK_MONOTONIC);
        job(where);
        wall_ms += ms_of(CLOCK_MONOTONIC) - began;
        std::this_thread::sleep_for(kPause);
    }
    const Costs after = used_until_now();
    return {(after.cpu_ms - before.cpu_ms) / times, wall_ms / times};
}

void print_rounds(const char* name, const std::vector<Costs>& rounds) {
    std::printf("\"%s\": [", name);
    for (std::size_t i = 0; i < rounds.size(); ++i)
        std::printf(
            "%s{\"cpu_ms\": %.4f, \"wall_ms\": %.4f}", i == 0 ? "" : ", ", rounds[i].cpu_ms,
            rounds[i].wall_ms
        );
    std::printf("]");
}

class Bench {
public:
    Bench(Sandbox& sandbox, int rounds, std::string_view wanted)
        : sandbox_(&sandbox), rounds_(rounds), wanted_(wanted) {}

    void run(const char* name, std::uint64_t input_bytes, int times, const Job& job) {
        if (!std::string_view(name).starts_with(wanted_)) return;
        std::vector<Costs> direct, sandboxed;
        job(direct_);
        job(*sandbox_);
        for (int i = 0; i < rounds_; ++i) {
            direct.push_back(measure(job, direct_, times));
            sandboxed.push_back(measure(job, *sandbox_, times));
        }
        std::printf(
            "%s\"%s\": {\"input_bytes\": %llu, \"jobs_a_round\": %d, ", is_first_ ? "" : ",\n",
            name, static_cast<unsigned long long>(input_bytes), times
        );
        is_first_ = false;
        print_rounds("direct", direct);
        std::printf(", ");
        print_rounds("sandboxed", sandboxed);
        std::printf("}");
        std::fflush(stdout);
    }

    DirectImaging& direct() { return direct_; }

private:
    Sandbox* sandbox_;
    DirectImaging direct_;
    int rounds_;
    std::string_view wanted_;
    bool is_first_ = true;
};

void run_warm(Bench& bench, const Input& photo) {
    const Input rendition =
        keep(made(bench.direct(), photo, size_request(1024, OutputFormat::kJpeg, Source::kStranger))
        );
    const auto run = [&](const char* name, std::uint32_t px, OutputFormat format, int times) {
        const TransformRequest request = size_request(px, format, Source::kOwn);
        bench.run(name, rendition.bytes, times, [&](Imaging& where) {
            (void)made(where, rendition, request);
        });
    };
    run("warm_jpeg_320", 320, OutputFormat::kJpeg, 150);
    run("warm_jpeg_800", 800, OutputFormat::kJpeg, 75);
    run("warm_webp_320", 320, OutputFormat::kWebp, 40);
    run("warm_webp_800", 800, OutputFormat::kWebp, 10);
}

void run_first_contact(Bench& bench, const Input& photo) {
    const PrepareRequest request = first_contact();
    const auto prepare = [&](const char* name, const Input& input, int times) {
        bench.run(name, input.bytes, times, [&](Imaging& where) {
            expect_good(where.prepare(input.file.get(), input.bytes, request));
        });
    };
    const auto small = [&](std::uint32_t px, OutputFormat format) {
        return keep(made(bench.direct(), photo, size_request(px, format, Source::kStranger)));
    };
    prepare("prepare_12mp", photo, 2);
    prepare("prepare_200kb", small(1280, OutputFormat::kJpeg), 4);
    const Input png = small(200, OutputFormat::kPng);
    prepare("prepare_small_png", png, 10);
    bench.run("verify_small_png", png.bytes, 100, [&](Imaging& where) {
        expect_good(where.verify(png.file.get(), png.bytes, request.verify));
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (const auto code = run_if_zygote(argc, argv)) return *code;
    if (argc < 3) return 2;
    auto zygote = start_zygote();
    if (!zygote) die(zygote.error().message);
    Sandbox::Options options;
    options.workers.max_workers = 1;
    Sandbox sandbox(*std::move(zygote), options);
    if (const auto up = sandbox.protections(); !up) die(up.error().message);
    std::ifstream file(argv[1], std::ios::binary);
    const Input photo = keep({std::istreambuf_iterator<char>(file), {}});
    Bench bench(sandbox, std::max(1, std::atoi(argv[2])), argc > 3 ? argv[3] : "");
    std::printf("{");
    run_warm(bench, photo);
    run_first_contact(bench, photo);
    std::printf("}\n");
    return 0;
}
