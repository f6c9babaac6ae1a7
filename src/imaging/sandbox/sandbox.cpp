#include "imaging/sandbox/sandbox.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "imaging/sandbox/job.h"
#include "imaging/sandbox/keeper.h"

namespace pixgate::imaging {
namespace {

// The child must not be able to write what it reads, whatever the caller's descriptor allows.
Result<UniqueFd> read_only_copy(int fd, std::uint64_t size_bytes) {
    struct stat info{};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) ||
        static_cast<std::uint64_t>(info.st_size) < size_bytes)
        return fail(Errc::kInvalidArgument, "sandbox: input is no file of that size");
    const int flags = ::fcntl(fd, F_GETFL);
    UniqueFd copy;
    if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) {
        copy.reset(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    } else {
        const std::string path = "/proc/self/fd/" + std::to_string(fd);
        copy.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    if (!copy)
        return fail(Errc::kUnavailable, std::string("sandbox: input: ") + std::strerror(errno));
    return copy;
}

// Its size is fixed, so that no child can make it grow or take pages away under the reader.
Result<UniqueFd> make_output(std::uint64_t bytes) {
    UniqueFd file(::memfd_create("sandbox-output", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0 ||
        ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
        return fail(Errc::kUnavailable, std::string("sandbox: output: ") + std::strerror(errno));
    return file;
}

Result<std::string> read_output(int fd, std::uint64_t bytes) {
    std::string out(static_cast<std::size_t>(bytes), '\0');
    std::size_t done = 0;
    while (done < out.size()) {
        const auto count =
            ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(done));
        if (count <= 0) return fail(Errc::kUnavailable, "sandbox: output cannot be read");
        done += static_cast<std::size_t>(count);
    }
    return out;
}

struct Measures {
    explicit Measures(Metrics* metrics) : metrics_(metrics) {
        if (metrics_ == nullptr) return;
        seconds = &metrics_->seconds("pixgate_sandbox_seconds", "Time of one job in the sandbox");
    }

    void note(const Result<ParsedReply>& result, std::chrono::steady_clock::time_point began) {
        if (metrics_ == nullptr) return;
        seconds->observe(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count()
        );
        const std::string outcome = result ? std::string(code_of(result->refusal))
                                           : std::string(name_of(result.error().code));
        metrics_->counter(
                    "pixgate_sandbox_jobs_total", "Jobs by outcome", {{"outcome", outcome}}
        ).add();
    }

    Histogram* seconds = nullptr;

private:
    Metrics* metrics_;
};

}  // namespace

struct Sandbox::State {
    State(ZygoteProcess zygote, const Options& options)
        : measures(options.metrics),
          keeper(std::move(zygote), options.max_restarts, options.restart_window) {}

    Result<ParsedReply> run(JobRequest& request, const JobFds& fds);

    Measures measures;
    std::atomic<std::uint64_t> next_job{1};
    ZygoteKeeper keeper;
};

Result<ParsedReply> Sandbox::State::run(JobRequest& request, const JobFds& fds) {
    request.id = next_job.fetch_add(1, std::memory_order_relaxed);
    TRY(const auto control, keeper.control());
    const auto began = std::chrono::steady_clock::now();
    auto result = run_job(control->get(), request, fds);
    measures.note(result, began);
    return result;
}

namespace {

// What a decoder that has been taken over looks like from outside.
void report_violation(const Result<ParsedReply>& result) {
    if (!result && result.error().reason == "policy_violation")
        log::failure(log::Level::kError, "sandboxed decoder tried to break out", result.error());
}

}  // namespace

Sandbox::Sandbox(ZygoteProcess zygote, Options options)
    : state_(std::make_unique<State>(std::move(zygote), options)) {}

Sandbox::~Sandbox() = default;

Result<VerifyAnswer> Sandbox::verify(
    int input_fd, std::uint64_t size_bytes, const VerifyRequest& request
) {
    if (size_bytes == 0) return VerifyAnswer{Refusal::kEmpty, {}, {}};
    if (size_bytes > request.limits.max_bytes) return VerifyAnswer{Refusal::kTooManyBytes, {}, {}};
    TRY(const auto input, read_only_copy(input_fd, size_bytes));
    JobRequest job;
    job.kind = JobKind::kVerify;
    job.input_bytes = size_bytes;
    job.limits = request.limits;
    job.verify = request;
    auto result = state_->run(job, {input.get(), -1});
    report_violation(result);
    TRY(ParsedReply reply, std::move(result));
    return VerifyAnswer{reply.refusal, reply.facts, std::move(reply.detail)};
}

Result<PrepareAnswer> Sandbox::prepare(
    int /*input_fd*/, std::uint64_t /*size_bytes*/, const PrepareRequest& /*request*/
) {
    return fail(Errc::kUnavailable, "prepare is not there yet");
}

Result<TransformAnswer> Sandbox::transform(
    int input_fd, std::uint64_t size_bytes, const TransformRequest& request
) {
    CHECK_OK(check_request(request));
    if (size_bytes == 0) return TransformAnswer{Refusal::kEmpty, {}, {}, {}};
    if (size_bytes > request.limits.max_bytes + request.mark_bytes)
        return TransformAnswer{Refusal::kTooManyBytes, {}, {}, {}};
    TRY(const auto input, read_only_copy(input_fd, size_bytes));
    TRY(const auto output, make_output(request.max_output_bytes));
    JobRequest job;
    job.kind = JobKind::kTransform;
    job.input_bytes = size_bytes;
    job.output_bytes = request.max_output_bytes;
    job.limits = request.limits;
    job.transform = request;
    auto result = state_->run(job, {input.get(), output.get()});
    report_violation(result);
    TRY(ParsedReply reply, std::move(result));
    TransformAnswer answer{reply.refusal, reply.facts, {}, std::move(reply.detail)};
    if (answer.refusal != Refusal::kNone) return answer;
    TRY(answer.bytes, read_output(output.get(), reply.output_bytes));
    CHECK_OK(check_output(answer, request));
    return answer;
}

Result<Protections> Sandbox::protections(std::chrono::milliseconds limit) {
    return state_->keeper.protections(limit);
}

Result<ParsedReply> Sandbox::attempt(Act act, const Limits& limits) {
    JobRequest job;
    job.kind = JobKind::kAct;
    job.act = act;
    job.limits = limits;
    return state_->run(job, {});
}

bool SelfTest::all_blocked() const {
    return !acts.empty() && std::ranges::all_of(acts, &ActReport::is_blocked);
}

SelfTest Sandbox::self_test() {
    Limits limits;
    limits.max_wall_ms = 300;
    SelfTest test;
    for (const Act act : kHostileActs) {
#ifdef PIXGATE_SANITIZED
        if (act == Act::kTakeMemory) continue;  // the memory limit is off in these builds
#endif
        ActReport report;
        report.act = act;
        const auto result = attempt(act, limits);
        if (result) {
            report.result = result->act_result;
            report.is_blocked = result->act_result != 0;
            report.how = report.is_blocked ? "errno " + std::to_string(result->act_result) : "done";
        } else {
            report.how = result.error().reason;
            report.is_blocked = result.error().code == Errc::kCrashed ||
                                result.error().code == Errc::kDeadlineExceeded;
        }
        test.acts.push_back(std::move(report));
    }
    return test;
}

int Sandbox::zygote_pid() const {
    return state_->keeper.pid();
}

}  // namespace pixgate::imaging
