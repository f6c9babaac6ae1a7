// Named points where a test makes the process die, a call fail, or a step be left out.
//   PIXGATE_FAILPOINTS="put.after_rename=kill@17;put.dirsync=skip;q.before_insert=error"
//   kill[@n]   SIGKILL at the n-th hit (1 without @n)
//   error[@n]  the n-th hit fails with kUnavailable (every hit without @n)
//   enospc     every hit fails with kNoSpace
//   eio        every hit fails as an I/O error would
//   skip       the step is left out: a deliberately broken build, to show that a test can go red
// Compiled in by the CMake option PIXGATE_FAILPOINTS (dev, asan, tsan); a release build has none.
#pragma once

#include <string_view>

#include "base/result.h"

namespace pixgate::failpoint {

enum class Action : std::uint8_t { kNone, kError, kNoSpace, kIoError, kSkip };

#ifdef PIXGATE_FAILPOINTS
// What to do at this hit; kills the process itself when asked to.
Action hit(std::string_view name);
// Result<void>: an error where the point says so.
Result<void> check(std::string_view name);
inline bool is_skipped(std::string_view name) {
    return hit(name) == Action::kSkip;
}
#else
inline Action hit(std::string_view) {
    return Action::kNone;
}
inline Result<void> check(std::string_view) {
    return {};
}
inline bool is_skipped(std::string_view) {
    return false;
}
#endif

}  // namespace pixgate::failpoint
