#include "imaging/sandbox/job.h"

namespace pixgate::imaging {

Result<ParsedReply> run_job(
    int control,
    const JobRequest& request,
    const JobFds& fds,
    std::chrono::milliseconds zygote_limit
) {
    TRY(auto child, HeldChild::start(control, request, fds, Clock::now() + zygote_limit));
    const auto until = Clock::now() + std::chrono::milliseconds(request.limits.max_wall_ms);
    // A good answer is taken as soon as it is there. It is a copy, and so is what is read of the
    // output: what the child does until it is gone changes neither. Only a file that is handed on
    // as it is has to be its alone no more.
    if (request.kind != JobKind::kStrip && request.kind != JobKind::kAct &&
        wait_readable(std::array{child.socket(), child.status_socket()}, until) == 0) {
        auto reply = read_reply(child.socket(), request);
        if (reply) {
            child.kill();
            return reply;
        }
    }
    auto ended = child.wait_for_end(until);
    if (!ended && ended.error().code == Errc::kDeadlineExceeded) {
        child.kill();
        ended = child.wait_for_end(Clock::now() + zygote_limit);
    }
    TRY(const int wait_status, std::move(ended));
    if (auto error = judge_end(wait_status, child.was_killed()))
        return std::unexpected(*std::move(error));
    auto reply = read_reply(child.socket(), request);
    if (!reply) return fail(Errc::kCrashed, "sandbox: the child's answer is bad", "bad_reply");
    return reply;
}

}  // namespace pixgate::imaging
