#include "imaging/sandbox/job.h"

namespace pixgate::imaging {

Result<ParsedReply> run_job(
    int control,
    const JobRequest& request,
    const JobFds& fds,
    std::chrono::milliseconds zygote_limit
) {
    TRY(auto child, HeldChild::start(control, request, fds, Clock::now() + zygote_limit));
    auto ended =
        child.wait_for_end(Clock::now() + std::chrono::milliseconds(request.limits.max_wall_ms));
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
