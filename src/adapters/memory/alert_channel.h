// An alert channel that keeps what it was told, and fails when a test says so.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "ports/alerts.h"

namespace pixgate::memory {

class RecordingChannel : public AlertChannel {
public:
    Task<Result<void>> post(const AlertDigest& digest, std::chrono::seconds& retry_after_out)
        override {
        const std::lock_guard lock(mutex_);
        if (failure_) {
            retry_after_out = retry_after_;
            co_return std::unexpected(*failure_);
        }
        posts_.push_back(digest);
        co_return Result<void>();
    }
    std::string_view name() const override { return "recording"; }

    // Every post fails so until it is called with nothing.
    void fail_with(std::optional<Error> failure, std::chrono::seconds retry_after = {}) {
        const std::lock_guard lock(mutex_);
        failure_ = std::move(failure);
        retry_after_ = retry_after;
    }
    std::vector<AlertDigest> posts() const {
        const std::lock_guard lock(mutex_);
        return posts_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<AlertDigest> posts_;
    std::optional<Error> failure_;
    std::chrono::seconds retry_after_{0};
};

}  // namespace pixgate::memory
