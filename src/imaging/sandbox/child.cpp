#include "imaging/sandbox/child.h"

#include <glib.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

#include "base/failpoint.h"
#include "imaging/prepare.h"
#include "imaging/sniff.h"
#include "imaging/strip_location.h"
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

// A descriptor's bytes, for as long as this lives.
class Mapping {
public:
    Mapping(int fd, std::uint64_t bytes, bool is_writable) {
        if (fd < 0 || bytes == 0) return;
        void* at = ::mmap(
            nullptr, bytes, is_writable ? PROT_READ | PROT_WRITE : PROT_READ,
            is_writable ? MAP_SHARED : MAP_PRIVATE, fd, 0
        );
        if (at == MAP_FAILED) ::_exit(kExitBadInput);
        bytes_ = {static_cast<std::uint8_t*>(at), bytes};
    }
    ~Mapping() {
        if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    Bytes bytes() const { return bytes_; }
    std::span<std::uint8_t> writable() const { return bytes_; }

private:
    std::span<std::uint8_t> bytes_;
};

struct Mapped {
    Bytes input;
    std::span<std::uint8_t> output;
};

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
        answer.refusal = Refusal::kProductsTooLarge;
        answer.bytes.clear();
    }
    std::ranges::copy(answer.bytes, mapped.output.begin());
    reply.output_bytes = answer.bytes.size();
    set_facts(reply, answer.refusal, answer.facts, answer.detail);
}

// Writes the products one behind the other.
void set_products(JobReply& reply, PrepareAnswer& answer, std::span<std::uint8_t> room) {
    for (Product& product : answer.products) {
        if (product.bytes.size() > room.size() || reply.product_count == kMaxProducts) {
            answer.refusal = Refusal::kProductsTooLarge;
            reply.output_bytes = reply.product_count = 0;
            return;
        }
        std::ranges::copy(product.bytes, room.begin());
        room = room.subspan(product.bytes.size());
        ProductReply& said = reply.products.at(reply.product_count++);
        said.offset = reply.output_bytes;
        said.bytes = product.bytes.size();
        said.index = product.index;
        said.format = static_cast<std::uint32_t>(product.facts.format);
        said.width_px = product.facts.width_px;
        said.height_px = product.facts.height_px;
        said.frames = product.facts.frames;
        said.has_alpha = product.facts.has_alpha ? 1 : 0;
        reply.output_bytes += product.bytes.size();
        std::string().swap(product.bytes);
    }
}

void do_prepare(const JobRequest& request, const Mapped& mapped, JobReply& reply) {
    PrepareAnswer answer = prepare_bytes(mapped.input, request.prepare);
    if (answer.refusal == Refusal::kNone) {
        reply.placeholders = answer.placeholders;
        set_products(reply, answer, mapped.output);
    }
    set_facts(reply, answer.refusal, answer.facts, answer.detail);
}

void do_strip(const Mapped& mapped, JobReply& reply) {
    const auto stripped = strip_location(mapped.input, sniff(mapped.input), true);
    if (stripped && stripped->size() <= mapped.output.size()) {
        std::ranges::copy(*stripped, mapped.output.begin());
        reply.output_bytes = stripped->size();
    }
    reply.orientation = 1;
}

void do_act(const JobRequest& request, JobReply& reply) {
    reply.act_result =
        perform(request.act, {request.limits.max_memory_bytes, request.limits.max_wall_ms});
    reply.orientation = 1;
    if (request.act == Act::kExitSilently) ::_exit(0);
    if (request.act == Act::kAnswerForOtherJob) ++reply.id;
    if (request.act == Act::kClaimTooMuch) reply.output_bytes = request.output_bytes + 1;
    if (request.act == Act::kAnswerTwice) (void)!::write(kChildReplyFd, &reply, sizeof reply);
    if (request.act == Act::kAnswerGarbage) std::memset(&reply, 0xA5, sizeof reply);
}

void work(const JobRequest& request, const Mapped& mapped, JobReply& reply) {
    switch (request.kind) {
        case JobKind::kVerify: {
            const VerifyAnswer answer = verify_bytes(mapped.input, request.verify);
            set_facts(reply, answer.refusal, answer.facts, answer.detail);
            break;
        }
        case JobKind::kPrepare:
            do_prepare(request, mapped, reply);
            break;
        case JobKind::kTransform:
            do_transform(request, mapped, reply);
            break;
        case JobKind::kStrip:
            do_strip(mapped, reply);
            break;
        case JobKind::kAct:
            do_act(request, reply);
            break;
        case JobKind::kWorker:
            break;
    }
}

void answer(const JobRequest& request, const Mapped& mapped) {
    JobReply reply;
    reply.id = request.id;
    work(request, mapped, reply);
    if (::write(kChildReplyFd, &reply, sizeof reply) != static_cast<ssize_t>(sizeof reply))
        ::_exit(kExitBadInput);
}

// What one step or job gives back the next one takes again: without this, free() hands it to the
// kernel, and to fault it in anew costs a quarter of the CPU time of a small picture. A child for
// one picture, which may be a large one, keeps less.
void keep_freed_memory(ChildKind kind) {
    const int kept_bytes = kind == ChildKind::kWorker ? 32 << 20 : 4 << 20;
    ::mallopt(M_MMAP_THRESHOLD, kept_bytes);
    ::mallopt(M_TRIM_THRESHOLD, kept_bytes);
}

void lock_in(
    ChildKind kind,
    const JobRequest& request,
    const ChildFds& fds,
    const Lockdown& lockdown,
    int parent_pid
) {
    std::set_new_handler(&end_out_of_memory);
    g_log_set_default_handler(&on_fatal_message, nullptr);
    keep_freed_memory(kind);
    if (::dup2(fds.reply, kChildReplyFd) < 0) ::_exit(kExitNotLocked);
    if (failpoint::is_skipped("sandbox.lockdown")) return;
    if (!lockdown.put_on(kind, request.limits, parent_pid)) ::_exit(kExitNotLocked);
}

}  // namespace

std::optional<ChildFds> fds_of(
    const JobRequest& request, const Message& message, std::size_t next
) {
    const std::size_t expected =
        next + (request.input_bytes > 0 ? 1U : 0U) + (request.output_bytes > 0 ? 1U : 0U);
    if (message.fd_count != expected) return std::nullopt;
    ChildFds fds{.reply = message.fds[0].get()};
    if (request.input_bytes > 0) fds.input = message.fds.at(next++).get();
    if (request.output_bytes > 0) fds.output = message.fds.at(next).get();
    return fds;
}

void run_child(
    const JobRequest& request, const ChildFds& fds, const Lockdown& lockdown, int parent_pid
) {
    const Mapping input(fds.input, request.input_bytes, false);
    const Mapping output(fds.output, request.output_bytes, true);
    lock_in(ChildKind::kOneJob, request, fds, lockdown, parent_pid);
    answer(request, {input.bytes(), output.writable()});
    ::_exit(0);
}

void run_worker(
    const JobRequest& start, const ChildFds& fds, const Lockdown& lockdown, int parent_pid
) {
    ::prctl(PR_SET_NAME, "pixgate-worker");
    const Mapping output(fds.output, start.output_bytes, true);
    lock_in(ChildKind::kWorker, start, fds, lockdown, parent_pid);
    for (;;) {
        JobRequest request;
        auto message = await_message(kChildReplyFd, writable_bytes_of(request), 1);
        if (!message || message->bytes == 0) ::_exit(0);  // wanted no more
        const bool is_sane = message->bytes == sizeof request && request.magic == kProtocolMagic &&
                             message->fd_count == (request.input_bytes > 0 ? 1U : 0U) &&
                             request.output_bytes <= start.output_bytes;
        if (!is_sane) ::_exit(kExitBadInput);
        const Mapping input(message->fds[0].get(), request.input_bytes, false);
        message->fds[0].reset();
        answer(request, {input.bytes(), output.writable().first(request.output_bytes)});
    }
}

}  // namespace pixgate::imaging
