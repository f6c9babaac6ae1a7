#include "imaging/sandbox/memory_search.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

// The linker's: the program's own variables lie between them.
// NOLINTNEXTLINE(readability-identifier-naming, bugprone-reserved-identifier)
extern "C" char __data_start, _end;

namespace pixgate::imaging {
namespace {

constexpr std::uintptr_t kPageBytes = 4096;
// Libraries, thread stacks and large blocks lie together, new ones below old ones.
constexpr std::uintptr_t kBelowLibraries = 2ULL << 30, kAboveLibraries = 256ULL << 20;
constexpr std::uintptr_t kMaxStackBytes = 16ULL << 20;

std::uintptr_t page_of(const void* address) {
    return reinterpret_cast<std::uintptr_t>(address) & ~(kPageBytes - 1);
}

// A futex is read by the kernel, which says so when it cannot: one of the few calls left that can
// tell.
bool is_readable(std::uintptr_t page) {
    const timespec at_once{};
    return ::syscall(SYS_futex, page, FUTEX_WAIT_PRIVATE, 0, &at_once, nullptr, 0) == 0 ||
           errno != EFAULT;
}

class Search {
public:
    explicit Search(std::span<const std::uint8_t> bytes)
        : bytes_(bytes),
          given_from_(page_of(bytes.data())),
          given_to_(page_of(bytes.data() + bytes.size() - 1) + kPageBytes) {}

    // All readable pages from `from` up to `to`.
    void look_between(std::uintptr_t from, std::uintptr_t to) {
        std::uintptr_t run = 0;
        for (std::uintptr_t page = from; page < to; page += kPageBytes) {
            const bool is_wanted = (page < given_from_ || page >= given_to_) && is_readable(page);
            if (is_wanted && run == 0) run = page;
            if (is_wanted) continue;
            look(run, page);
            run = 0;
        }
        look(run, to);
    }

    int found() const { return found_; }

private:
    void look(std::uintptr_t from, std::uintptr_t to) {
        if (from == 0) return;
        for (const auto* at = reinterpret_cast<const char*>(from);;) {
            const auto left = to - reinterpret_cast<std::uintptr_t>(at);
            at = static_cast<const char*>(::memmem(at, left, bytes_.data(), bytes_.size()));
            if (at == nullptr) return;
            ++found_;
            ++at;
        }
    }

    std::span<const std::uint8_t> bytes_;
    std::uintptr_t given_from_, given_to_;
    int found_ = 0;
};

std::uintptr_t first_readable_below(std::uintptr_t page) {
    while (is_readable(page - kPageBytes)) page -= kPageBytes;
    return page;
}

}  // namespace

int count_in_memory(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < 16) return 0;
    Search search(bytes);
    search.look_between(page_of(&__data_start), page_of(&_end));
    const std::uintptr_t heap_end = page_of(::sbrk(0));
    search.look_between(first_readable_below(heap_end), heap_end);
    const std::uintptr_t stack = page_of(__builtin_frame_address(0));
    search.look_between(stack - kMaxStackBytes, stack + kMaxStackBytes);
    const std::uintptr_t libraries = page_of(reinterpret_cast<const void*>(&::qsort));
    search.look_between(libraries - kBelowLibraries, libraries + kAboveLibraries);
    return search.found();
}

}  // namespace pixgate::imaging
