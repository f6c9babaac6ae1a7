// Whether the data directory may still be written. After one failed fsync nobody knows what is on
// the disk: the kernel may have dropped the pages and would report success the next time. So there
// is no second try: no more writes until a restart reads what is really there.
#pragma once

#include <atomic>
#include <string>

#include "base/log.h"
#include "base/result.h"

namespace pixgate::embedded {

class VolumeHealth {
public:
    bool is_read_only() const { return is_read_only_.load(std::memory_order_acquire); }

    // kReadOnly after a failed fsync.
    Result<void> check_writable() const {
        if (is_read_only()) return fail(Errc::kReadOnly, "an fsync failed; restart to go on");
        return {};
    }

    // The error to answer with. Says so in the log, once.
    Error sync_failed(const std::string& what) {
        if (!is_read_only_.exchange(true, std::memory_order_acq_rel)) {
            log::error("fsync failed: the volume is read-only until a restart", {{"what", what}});
        }
        return {.code = Errc::kReadOnly, .message = "fsync failed: " + what, .reason = {}};
    }

private:
    std::atomic<bool> is_read_only_ = false;
};

}  // namespace pixgate::embedded
