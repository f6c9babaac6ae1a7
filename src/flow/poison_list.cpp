#include "flow/poison_list.h"

#include <fmt/format.h>

namespace pixgate {

namespace {

std::string content_of(const ObjectInfo& object) {
    if (!object.sha256.empty()) return object.sha256;
    return fmt::format("{}-{}", object.etag, object.size_bytes);
}

}  // namespace

std::optional<std::string> PoisonList::find(const ObjectInfo& object) const {
    const std::lock_guard lock(mutex_);
    const auto it = reasons_.find(content_of(object));
    if (it == reasons_.end()) return std::nullopt;
    return it->second;
}

void PoisonList::remember(const ObjectInfo& object, std::string reason) {
    auto content = content_of(object);
    const std::lock_guard lock(mutex_);
    if (!reasons_.emplace(content, std::move(reason)).second) return;
    order_.push_back(std::move(content));
    if (order_.size() > max_entries_) {
        reasons_.erase(order_.front());
        order_.pop_front();
    }
}

}  // namespace pixgate
