// Contents that made the sandbox die twice. Sent again, under whatever name, they are not opened
// again (attack 145: poison uploads that burn retries). Bounded; forgotten at restart, which costs
// two more tries. Safe from several threads.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "ports/object_store.h"

namespace pixgate {

class PoisonList {
public:
    explicit PoisonList(std::size_t max_entries = 4'096) : max_entries_(max_entries) {}

    // The reason it was remembered with; nullopt where the content is not known.
    std::optional<std::string> find(const ObjectInfo& object) const;
    void remember(const ObjectInfo& object, std::string reason);

private:
    std::size_t max_entries_;
    mutable std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> reasons_;  // by content
    std::deque<std::string> order_;                            // oldest first
};

}  // namespace pixgate
