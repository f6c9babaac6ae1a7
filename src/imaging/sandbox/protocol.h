// What parent, zygote and child say to each other: plain structs over SOCK_SEQPACKET sockets, all
// three being the same binary. What a child says is taken as hostile: only parse_reply() reads it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "imaging/byte_reader.h"
#include "imaging/imaging.h"
#include "imaging/sandbox/hostile_acts.h"

namespace pixgate::imaging {

inline constexpr std::uint64_t kProtocolMagic = 0x70697867'61746501;

// kWorker is the start of a warm worker, which then gets its jobs over its reply socket.
enum class JobKind : std::uint32_t { kVerify, kPrepare, kTransform, kStrip, kAct, kWorker };

// Parent to zygote, with the descriptors: child's end of the reply socket, zygote's end of the
// status socket, then input and output where the sizes below are not 0. Parent to worker:
// with the input only; its output is the one it was started with.
// Sent by way of without_padding().
struct JobRequest {
    std::uint64_t magic = kProtocolMagic;
    std::uint64_t id = 0;
    JobKind kind = JobKind::kVerify;
    Act act = Act::kNothing;
    std::uint64_t input_bytes = 0;
    std::uint64_t output_bytes = 0;  // room in the output memfd
    Limits limits;
    VerifyRequest verify;
    TransformRequest transform;
    PrepareRequest prepare;
};
static_assert(std::is_trivially_copyable_v<JobRequest>);

enum class JobEvent : std::uint32_t { kStarted, kEnded, kNotStarted };

// Zygote to parent, on the job's status socket. kStarted carries the child's pidfd.
struct JobStatus {
    std::uint64_t magic = kProtocolMagic;
    std::uint64_t id = 0;
    JobEvent event = JobEvent::kStarted;
    std::int32_t wait_status = 0;  // kEnded: as from waitpid
};
static_assert(std::is_trivially_copyable_v<JobStatus>);

// What keeps a child in. Said by the zygote once it is up.
struct Protections {
    bool seccomp = false;
    bool memory_limit = false;
    std::int32_t landlock_abi = 0;  // 0: not on this kernel
    bool user_namespace = false;
    bool network_namespace = false;
    bool pid_namespace = false;
    bool empty_root = false;  // no file of the machine can be named any more
};

struct ZygoteHello {
    std::uint64_t magic = kProtocolMagic;
    Protections protections;
    bool is_ready = false;
    std::array<char, 200> error{};  // why not
};
static_assert(std::is_trivially_copyable_v<ZygoteHello>);

inline constexpr std::size_t kDetailChars = 160;

// One picture of several, as it lies in the output memfd.
struct ProductReply {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint32_t index = 0;
    std::uint32_t format = 0;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t frames = 0;
    std::uint32_t has_alpha = 0;
};

// Child to parent, once for each job, on the reply socket.
struct JobReply {
    std::uint64_t magic = kProtocolMagic;
    std::uint64_t id = 0;
    std::uint64_t output_bytes = 0;  // written from the start of the output memfd
    std::uint32_t refusal = 0;
    std::uint32_t format = 0;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t frames = 0;
    std::uint32_t orientation = 0;
    std::uint32_t has_alpha = 0;
    std::int32_t act_result = 0;
    std::uint32_t product_count = 0;
    std::array<ProductReply, kMaxProducts> products{};
    Placeholders placeholders;
    std::array<char, kDetailChars> detail{};
};
static_assert(std::is_trivially_copyable_v<JobReply>);

// Exit codes of a child, beside 0.
inline constexpr int kExitNotLocked = 70;
inline constexpr int kExitOutOfMemory = 71;
inline constexpr int kExitBadInput = 72;

struct ParsedProduct {
    std::uint32_t index = 0;  // into PrepareRequest::products
    Facts facts;
    std::uint64_t offset = 0;  // in the output memfd
    std::uint64_t bytes = 0;
};

struct ParsedReply {
    Refusal refusal = Refusal::kNone;
    Facts facts;
    std::uint64_t output_bytes = 0;
    std::int32_t act_result = 0;
    std::vector<ParsedProduct> products;  // one behind the other from offset 0, indices rising
    Placeholders placeholders;
    std::string detail;  // printable ASCII
};

// The reply to `request`, every field checked against what was asked; nothing when any is out of
// its range.
std::optional<ParsedReply> parse_reply(Bytes raw, const JobRequest& request);

void set_text(std::span<char> field, std::string_view text);

using Clock = std::chrono::steady_clock;

inline constexpr std::size_t kMaxMessageFds = 4;

// One datagram with descriptors. kUnavailable when the other side is gone or has no room for it
// until then.
Result<void> send_message(
    int socket, std::span<const std::byte> data, std::span<const int> fds, Clock::time_point until
);

struct Message {
    std::size_t bytes = 0;  // 0: the other side closed; more than the buffer has: cut off
    std::array<UniqueFd, kMaxMessageFds> fds;
    std::size_t fd_count = 0;
};
// Does not wait when there is nothing (kUnavailable). Descriptors beyond `max_fds` are closed.
Result<Message> receive_message(int socket, std::span<std::byte> buffer, std::size_t max_fds);
// The same, but waits without end.
Result<Message> await_message(int socket, std::span<std::byte> buffer, std::size_t max_fds);

// Until one of the descriptors can be read or was closed, or the time has come: the index of the
// first, or nothing.
std::optional<std::size_t> wait_readable(std::span<const int> fds, Clock::time_point until);

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}
template <class T>
std::span<std::byte> writable_bytes_of(T& value) {
    return std::as_writable_bytes(std::span(&value, 1));
}

}  // namespace pixgate::imaging
