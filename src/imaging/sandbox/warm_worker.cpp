#include "imaging/sandbox/warm_worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "imaging/sandbox/without_padding.h"

namespace pixgate::imaging {
namespace {

// From a kill, or from the end of the worker's socket, to word of its end.
constexpr std::chrono::seconds kEndLimit{2};

std::string read_text(int fd) {
    std::array<char, 512> text{};
    const auto count = ::pread(fd, text.data(), text.size(), 0);
    return count > 0 ? std::string(text.data(), static_cast<std::size_t>(count)) : std::string();
}

// The child's memory in numbers. Its pid as this process sees it is known from the pidfd.
UniqueFd open_statm(int pidfd) {
    const std::string path = "/proc/self/fdinfo/" + std::to_string(pidfd);
    const UniqueFd info(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string text = info ? read_text(info.get()) : std::string();
    constexpr std::string_view kField = "\nPid:\t";
    const auto at = text.find(kField);
    const int pid = at == std::string::npos ? 0 : std::atoi(text.c_str() + at + kField.size());
    if (pid <= 0) return {};
    return UniqueFd(
        ::open(("/proc/" + std::to_string(pid) + "/statm").c_str(), O_RDONLY | O_CLOEXEC)
    );
}

}  // namespace

WarmWorker::WarmWorker(HeldChild child, OutputFile output)
    : child_(std::move(child)), output_(std::move(output)), statm_(open_statm(child_.pidfd())) {}

Result<WarmWorker> WarmWorker::start(
    int control, const JobRequest& request, Clock::time_point until
) {
    TRY(auto output, OutputFile::make(request.output_bytes));
    TRY(auto child, HeldChild::start(control, request, {.output = output.fd()}, until));
    return WarmWorker(std::move(child), std::move(output));
}

Result<ParsedReply> WarmWorker::run(const JobRequest& request, const JobFds& fds) {
    ++jobs_;
    const auto until = Clock::now() + std::chrono::milliseconds(request.limits.max_wall_ms);
    const HandedFds handed({}, request, {.input = fds.input});
    // A send that fails is a worker that has ended; its status says how.
    const auto sent = send_message(child_.socket(), without_padding(request), handed.get(), until);
    const std::array<int, 2> ears{child_.socket(), child_.status_socket()};
    const auto spoke = sent ? wait_readable(ears, until) : std::optional<std::size_t>(1);
    if (spoke == 0U) {
        auto reply = read_reply(child_.socket(), request);
        if (reply || reply.error().code == Errc::kCrashed) return reply;
    }
    if (!spoke) child_.kill();
    auto ended = child_.wait_for_end(Clock::now() + kEndLimit);
    if (!ended && !spoke) return fail(Errc::kDeadlineExceeded, "sandbox: too slow", "too_slow");
    TRY(const int wait_status, std::move(ended));
    if (auto error = judge_end(wait_status, child_.was_killed()))
        return std::unexpected(*std::move(error));
    return fail(Errc::kCrashed, "sandbox: the worker ended without an answer", "bad_reply");
}

bool WarmWorker::is_quiet() const {
    const std::array<int, 2> ears{child_.socket(), child_.status_socket()};
    return !wait_readable(ears, Clock::now());
}

std::uint64_t WarmWorker::resident_bytes() const {
    if (!statm_) return 0;
    const std::string text = read_text(statm_.get());
    const auto space = text.find(' ');
    if (space == std::string::npos) return 0;
    return std::strtoull(text.c_str() + space, nullptr, 10) *
           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace pixgate::imaging
