#include "imaging/sandbox/child.h"

#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

#include "imaging/transform.h"
#include "imaging/verify.h"

namespace pixgate::imaging {
namespace {

// glib and C++ end the process when memory runs out, each in its own way; both are told to end it
// with a code that the parent knows.
[[noreturn]] void end_out_of_memory() {
    ::_exit(kExitOutOfMemory);
}

void on_fatal_message(const gchar*, GLogLevelFlags level, const gchar* message, gpointer) {
    const bool is_memory =
        message != nullptr && (std::strstr(message, "failed to allocate") != nullptr ||
                               std::strstr(message, "Resource temporarily unavailable") != nullptr);
    if ((level & G_LOG_FLAG_FATAL) != 0 && is_memory) end_out_of_memory();
}

struct Mapped {
    Bytes input;
    std::span<std::uint8_t> output;
};

Mapped map_or_end(const JobRequest& request, const ChildFds& fds) {
    Mapped mapped;
    if (fds.input >= 0 && request.input_bytes > 0) {
        void* at = ::mmap(nullptr, request.input_bytes, PROT_READ, MAP_PRIVATE, fds.input, 0);
        if (at == MAP_FAILED) ::_exit(kExitBadInput);
        mapped.input = {static_cast<const std::uint8_t*>(at), request.input_bytes};
    }
    if (fds.output >= 0 && request.output_bytes > 0) {
        void* at = ::mmap(
            nullptr, request.output_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds.output, 0
        );
        if (at == MAP_FAILED) ::_exit(kExitBadInput);
        mapped.output = {static_cast<std::uint8_t*>(at), request.output_bytes};
    }
    return mapped;
}

void set_facts(JobReply& reply, Refusal refusal, const Facts& facts, std::string_view detail) {
    reply.refusal = static_cast<std::uint32_t>(refusal);
    reply.format = static_cast<std::uint32_t>(facts.format);
    reply.width_px = facts.width_px;
    reply.height_px = facts.height_px;
    reply.frames = facts.frames;
    reply.orientation = facts.orientation;
    reply.has_alpha = facts.has_alpha ? 1 : 0;
    set_text(reply.detail, detail);
    if (detail.contains("out of memory")) end_out_of_memory();
}

void do_transform(const JobRequest& request, const Mapped& mapped, JobReply& reply) {
    TransformAnswer answer = transform_bytes(mapped.input, request.transform);
    if (answer.bytes.size() > mapped.output.size()) {
        answer.refusal = Refusal::kTooManyBytes;
        answer.bytes.clear();
    }
    std::ranges::copy(answer.bytes, mapped.output.begin());
    reply.output_bytes = answer.bytes.size();
    set_facts(reply, answer.refusal, answer.facts, answer.detail);
}

void do_act(const JobRequest& request, JobReply& reply) {
    reply.act_result = perform(request.act, request.limits.max_memory_bytes);
    reply.orientation = 1;
    if (request.act == Act::kExitSilently) ::_exit(0);
    if (request.act == Act::kAnswerForOtherJob) ++reply.id;
    if (request.act == Act::kAnswerGarbage) std::memset(&reply, 0xA5, sizeof reply);
}

void work(const JobRequest& request, const Mapped& mapped, JobReply& reply) {
    switch (request.kind) {
        case JobKind::kVerify: {
            const VerifyAnswer answer = verify_bytes(mapped.input, request.verify);
            set_facts(reply, answer.refusal, answer.facts, answer.detail);
            break;
        }
        case JobKind::kTransform:
            do_transform(request, mapped, reply);
            break;
        case JobKind::kAct:
            do_act(request, reply);
            break;
    }
}

}  // namespace

void run_child(
    const JobRequest& request, const ChildFds& fds, const Lockdown& lockdown, int parent_pid
) {
    std::set_new_handler(&end_out_of_memory);
    g_log_set_default_handler(&on_fatal_message, nullptr);
    const Mapped mapped = map_or_end(request, fds);
    if (::dup2(fds.reply, kChildReplyFd) < 0) ::_exit(kExitNotLocked);
    if (!lockdown.put_on(request.limits, parent_pid)) ::_exit(kExitNotLocked);

    JobReply reply;
    reply.id = request.id;
    work(request, mapped, reply);
    const auto written = ::write(kChildReplyFd, &reply, sizeof reply);
    ::_exit(written == static_cast<ssize_t>(sizeof reply) ? 0 : kExitBadInput);
}

}  // namespace pixgate::imaging
