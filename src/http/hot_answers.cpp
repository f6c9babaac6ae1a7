#include "http/hot_answers.h"

#include <algorithm>

#include "base/encoding.h"
#include "http/conditional.h"

namespace pixgate::http {

namespace {

// Path and query as one piece of the buffer they lie in; empty where they do not lie side by side.
std::string_view target_of(std::string_view path, std::string_view query) {
    if (query.empty()) return path;
    if (path.data() + path.size() + 1 != query.data()) return {};
    return {path.data(), path.size() + 1 + query.size()};
}

bool is_void(const Repeat& repeat, std::chrono::steady_clock::time_point now) {
    return repeat.until <= now ||
           (repeat.epoch && repeat.epoch->load(std::memory_order_acquire) != repeat.epoch_seen);
}

// Range and preconditions are the handler's business, all but If-None-Match.
bool is_plain(const Fields& fields, std::string_view& if_none_match) {
    for (const auto& [name, value] : fields) {
        const char first = name.empty() ? '\0' : static_cast<char>(name.front() | 0x20);
        if (first == 'r' && equal_ignoring_case(name, "Range")) return false;
        if (first != 'i' || name.size() < 3 || name[2] != '-') continue;
        if (!equal_ignoring_case(name, "If-None-Match") || !if_none_match.empty()) return false;
        if_none_match = value;
    }
    return true;
}

bool is_for(const HotAnswers::Entry& entry, const Fields& fields) {
    for (std::size_t i = 0; i < entry.by_values.size(); ++i) {
        if (fields.get(entry.repeat.by_fields[i]) != entry.by_values[i]) return false;
    }
    return true;
}

// Of an entry beside its body, and of its target: nodes, vectors and strings, about.
constexpr std::size_t kOverheadBytes = 512;

std::size_t key_bytes(std::string_view target, const HotAnswers::Entry& entry) {
    std::size_t n = target.size();
    for (const auto& value : entry.by_values) n += value.size();
    return n;
}

std::size_t bytes_of(std::string_view target, const HotAnswers::Entry& entry) {
    const Repeat& repeat = entry.repeat;
    return kOverheadBytes + key_bytes(target, entry) + repeat.body->size() + repeat.head->size() +
           repeat.head_unchanged->size() + repeat.etag.size() + entry.route.size();
}

bool is_plain_get(const Head& head) {
    return head.method == "GET" && !head.is_http_1_0 && head.wants_keep_alive && !head.has_body() &&
           !head.expects_continue;
}

}  // namespace

void HotAnswers::clear() {
    targets_.clear();
    bytes_ = 0;
    n_entries_ = 0;
}

void HotAnswers::keep(const Request& request, Response& response) {
    if (!response.repeat) return;
    Repeat repeat = std::move(*response.repeat);
    response.repeat.reset();
    const auto target = target_of(request.path, request.query);
    // Fields that came on top of the prebuilt head are of this one request.
    if (target.empty() || repeat.body->size() > kMaxBodyBytes ||
        (response.status == 200 && !response.fields.empty())) {
        return;
    }
    Entry entry{.repeat = std::move(repeat), .by_values = {}, .route = std::string(request.route)};
    for (const auto name : entry.repeat.by_fields) {
        entry.by_values.emplace_back(request.fields.get(name));
    }
    if (key_bytes(target, entry) > kMaxKeyBytes) return;
    const auto bytes = bytes_of(target, entry);
    if (bytes_ + bytes > kMaxBytes || n_entries_ >= kMaxEntries) clear();
    auto& entries = targets_[std::string(target)];
    const auto is_same = [&](const Entry& known) { return known.by_values == entry.by_values; };
    auto old = std::ranges::find_if(entries, is_same);
    if (old == entries.end() && entries.size() >= kMaxPerTarget) {
        old = std::ranges::min_element(entries, {}, [](const Entry& e) { return e.repeat.until; });
    }
    bytes_ += bytes;
    if (old != entries.end()) {
        bytes_ -= bytes_of(target, *old);
        *old = std::move(entry);
        return;
    }
    entries.push_back(std::move(entry));
    ++n_entries_;
}

const HotAnswers::Entry* HotAnswers::find(
    const Head& head, std::chrono::steady_clock::time_point now, bool& is_unchanged
) {
    if (n_entries_ == 0 || !is_plain_get(head)) return nullptr;
    const auto found = targets_.find(target_of(head.path, head.query));
    if (found == targets_.end()) return nullptr;
    std::string_view if_none_match;
    if (!is_plain(head.fields, if_none_match)) return nullptr;
    auto& entries = found->second;
    for (auto& entry : entries) {
        if (!is_for(entry, head.fields)) continue;
        if (is_void(entry.repeat, now)) {
            bytes_ -= bytes_of(found->first, entry);
            --n_entries_;
            if (&entry != &entries.back()) entry = std::move(entries.back());
            entries.pop_back();
            if (entries.empty()) targets_.erase(found);
            return nullptr;
        }
        is_unchanged =
            !if_none_match.empty() && etag_matches(if_none_match, entry.repeat.etag, false);
        return &entry;
    }
    return nullptr;
}

}  // namespace pixgate::http
