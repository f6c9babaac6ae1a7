#include "imaging/sandbox/sandbox.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/log.h"
#include "imaging/prepare.h"
#include "imaging/sandbox/answers.h"
#include "imaging/sandbox/job.h"
#include "imaging/sandbox/job_files.h"
#include "imaging/sandbox/keeper.h"

namespace pixgate::imaging {
namespace {

// The most that one job in a warm worker can write.
constexpr std::uint64_t kWorkerOutputBytes = 32ULL << 20;

struct Measures {
    explicit Measures(Metrics* metrics) : metrics_(metrics) {
        if (metrics_ == nullptr) return;
        seconds = &metrics_->seconds("pixgate_sandbox_seconds", "Time of one job in the sandbox");
    }

    void note(JobKind kind, const Result<ParsedReply>& result, Clock::time_point began) {
        // What a decoder that has been taken over looks like from outside.
        if (!result && result.error().reason == "policy_violation" && kind != JobKind::kAct)
            log::failure(
                log::Level::kError, "sandboxed decoder tried to break out", result.error()
            );
        if (metrics_ == nullptr) return;
        seconds->observe(std::chrono::duration<double>(Clock::now() - began).count());
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

// One of few words, whatever the error says: it becomes a metric's label.
std::string_view spoilt_by(const Error& error) {
    for (const std::string_view known :
         {"too_slow", "bad_reply", "out_of_memory", "policy_violation"})
        if (error.reason == known) return known;
    return "crashed";
}

}  // namespace

struct Sandbox::State {
    State(ZygoteProcess zygote, const Options& its_options)
        : options(its_options),
          measures(options.metrics),
          keeper(std::move(zygote), options.max_restarts, options.restart_window),
          workers(
              options.workers,
              [this](Clock::time_point until) { return start_worker(until); },
              options.metrics
          ) {}

    // In a child of its own.
    Result<ParsedReply> run(JobRequest& request, const JobFds& fds);
    // In the worker that is lent.
    Result<ParsedReply> run(JobRequest& request, const JobFds& fds, WorkerPool::Lease& lease);
    Result<WorkerPool::Lease> borrow(const Limits& limits);
    Result<WarmWorker> start_worker(Clock::time_point until);
    Result<TransformAnswer> transform_warm(
        JobRequest& job, const JobFds& fds, const TransformRequest& request
    );
    // Tells who wants to know of violations.
    template <class T>
    Result<T> watched(Result<T> result) const;
    bool has_workers() const { return options.workers.max_workers > 0; }
    bool is_for_worker(const TransformRequest& request) const;

    const Options options;
    Measures measures;
    std::atomic<std::uint64_t> next_job{1};
    ZygoteKeeper keeper;
    WorkerPool workers;
};

template <class T>
Result<T> Sandbox::State::watched(Result<T> result) const {
    const bool is_violation = !result && (result.error().reason == "policy_violation" ||
                                          result.error().reason == "bad_reply");
    if (is_violation && options.on_violation) options.on_violation(result.error());
    return result;
}

Result<ParsedReply> Sandbox::State::run(JobRequest& request, const JobFds& fds) {
    request.id = next_job.fetch_add(1, std::memory_order_relaxed);
    TRY(const auto control, keeper.control());
    const auto began = Clock::now();
    auto result = run_job(control->get(), request, fds, options.zygote_limit);
    measures.note(request.kind, result, began);
    return result;
}

Result<ParsedReply> Sandbox::State::run(
    JobRequest& request, const JobFds& fds, WorkerPool::Lease& lease
) {
    request.id = next_job.fetch_add(1, std::memory_order_relaxed);
    const auto began = Clock::now();
    auto result = lease.worker().run(request, fds);
    measures.note(request.kind, result, began);
    if (!result) {
        lease.spoil(spoilt_by(result.error()));
    } else if (result->refusal == Refusal::kBroken || result->refusal == Refusal::kNotAnImage) {
        // Our own code does not write what it cannot read.
        lease.spoil("refused");
    }
    return result;
}

Result<WorkerPool::Lease> Sandbox::State::borrow(const Limits& limits) {
    if (!has_workers()) return fail(Errc::kUnavailable, "sandbox: there are no warm workers here");
    return workers.borrow(Clock::now() + std::chrono::milliseconds(limits.max_wall_ms));
}

Result<WarmWorker> Sandbox::State::start_worker(Clock::time_point until) {
    JobRequest start;
    start.id = next_job.fetch_add(1, std::memory_order_relaxed);
    start.kind = JobKind::kWorker;
    start.output_bytes = kWorkerOutputBytes;
    start.limits.max_memory_bytes = options.worker_memory_bytes;
    TRY(const auto control, keeper.control());
    return WarmWorker::start(
        control->get(), start, std::min(until, Clock::now() + options.zygote_limit)
    );
}

bool Sandbox::State::is_for_worker(const TransformRequest& request) const {
    return request.source == Source::kOwn && has_workers() &&
           request.max_output_bytes <= kWorkerOutputBytes &&
           request.limits.max_memory_bytes >= options.worker_memory_bytes;
}

Result<TransformAnswer> Sandbox::State::transform_warm(
    JobRequest& job, const JobFds& fds, const TransformRequest& request
) {
    TRY(auto lease, borrow(request.limits));
    TRY(ParsedReply reply, run(job, fds, lease));
    auto answer = take_transform(std::move(reply), lease.worker().output(), request);
    if (!answer) lease.spoil("bad_reply");
    return answer;
}

Sandbox::Sandbox(ZygoteProcess zygote, const Options& options)
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
    TRY(ParsedReply reply, state_->watched(state_->run(job, {.input = input.get()})));
    return VerifyAnswer{reply.refusal, reply.facts, std::move(reply.detail)};
}

Result<PrepareAnswer> Sandbox::prepare(
    int input_fd, std::uint64_t size_bytes, const PrepareRequest& request
) {
    CHECK_OK(check_prepare(request));
    const Limits& limits = request.verify.limits;
    PrepareAnswer refused;
    if (size_bytes <= request.mark_bytes)
        refused.refusal = Refusal::kEmpty;
    else if (size_bytes - request.mark_bytes > limits.max_bytes)
        refused.refusal = Refusal::kTooManyBytes;
    if (refused.refusal != Refusal::kNone) return refused;
    TRY(const auto input, read_only_copy(input_fd, size_bytes));
    TRY(const auto output, OutputFile::make(request.max_output_bytes));
    JobRequest job;
    job.kind = JobKind::kPrepare;
    job.input_bytes = size_bytes;
    job.output_bytes = request.max_output_bytes;
    job.limits = limits;
    job.prepare = request;
    auto reply = state_->run(job, {.input = input.get(), .output = output.fd()});
    if (!reply) return state_->watched(Result<PrepareAnswer>(std::unexpected(reply.error())));
    return state_->watched(take_prepare(*std::move(reply), output, request));
}

Result<TransformAnswer> Sandbox::transform(
    int input_fd, std::uint64_t size_bytes, const TransformRequest& request
) {
    CHECK_OK(check_request(request));
    if (size_bytes == 0) return TransformAnswer{Refusal::kEmpty, {}, {}, {}};
    if (size_bytes > request.limits.max_bytes + request.mark_bytes)
        return TransformAnswer{Refusal::kTooManyBytes, {}, {}, {}};
    TRY(const auto input, read_only_copy(input_fd, size_bytes));
    JobRequest job;
    job.kind = JobKind::kTransform;
    job.input_bytes = size_bytes;
    job.output_bytes = request.max_output_bytes;
    job.limits = request.limits;
    job.transform = request;
    if (state_->is_for_worker(request))
        return state_->watched(state_->transform_warm(job, {.input = input.get()}, request));
    TRY(const auto output, OutputFile::make(request.max_output_bytes));
    auto reply = state_->run(job, {.input = input.get(), .output = output.fd()});
    if (!reply) return state_->watched(Result<TransformAnswer>(std::unexpected(reply.error())));
    return state_->watched(take_transform(*std::move(reply), output, request));
}

Result<StripAnswer> Sandbox::strip_location(
    int input_fd, std::uint64_t size_bytes, const Limits& limits
) {
    if (size_bytes == 0 || size_bytes > limits.max_bytes) return StripAnswer{};
    TRY(const auto input, read_only_copy(input_fd, size_bytes));
    TRY(auto output, OutputFile::make(size_bytes));
    JobRequest job;
    job.kind = JobKind::kStrip;
    job.input_bytes = job.output_bytes = size_bytes;
    job.limits = limits;
    auto reply = state_->run(job, {.input = input.get(), .output = output.fd()});
    if (!reply) return state_->watched(Result<StripAnswer>(std::unexpected(reply.error())));
    return state_->watched(take_stripped(*reply, input.get(), size_bytes, std::move(output)));
}

Result<Protections> Sandbox::protections(std::chrono::milliseconds limit) {
    return state_->keeper.protections(limit);
}

Result<ParsedReply> Sandbox::attempt(Act act, const Limits& limits) {
    return state_->watched(try_act(act, limits));
}

Result<ParsedReply> Sandbox::attempt_warm(Act act, const Limits& limits, std::string_view input) {
    return state_->watched(try_act_warm(act, limits, input));
}

Result<ParsedReply> Sandbox::try_act(Act act, const Limits& limits) {
    JobRequest job;
    job.kind = JobKind::kAct;
    job.act = act;
    job.limits = limits;
    return state_->run(job, {});
}

Result<ParsedReply> Sandbox::try_act_warm(Act act, const Limits& limits, std::string_view input) {
    const UniqueFd file(::memfd_create("sandbox-act", MFD_CLOEXEC));
    if (!file || ::write(file.get(), input.data(), input.size()) != std::ssize(input))
        return fail(Errc::kUnavailable, "sandbox: input cannot be written");
    JobRequest job;
    job.kind = JobKind::kAct;
    job.act = act;
    job.limits = limits;
    job.input_bytes = input.size();
    TRY(auto lease, state_->borrow(limits));
    return state_->run(job, {.input = file.get()}, lease);
}

int Sandbox::zygote_pid() const {
    return state_->keeper.pid();
}

bool Sandbox::has_workers() const {
    return state_->has_workers();
}

std::size_t Sandbox::worker_count() const {
    return state_->workers.size();
}

}  // namespace pixgate::imaging
