#include "http/hot_answers.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "http/conditional.h"
#include "http/pieces.h"

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
    const std::size_t copies = entry.file ? 2 : 1;
    return kOverheadBytes + key_bytes(target, entry) + copies * repeat.body->size() +
           repeat.head->size() + repeat.head_unchanged->size() + repeat.etag.size() +
           entry.route.size();
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
    n_files_ = 0;
}

// Of what is about to be removed or replaced.
void HotAnswers::forget(std::string_view target, const Entry& entry) {
    bytes_ -= bytes_of(target, entry);
    if (entry.file) --n_files_;
}

void HotAnswers::drop_files_of_void(std::chrono::steady_clock::time_point now) {
    for (auto& [target, entries] : targets_) {
        for (auto& entry : entries) {
            if (!entry.file || !is_void(entry.repeat, now)) continue;
            forget(target, entry);
            entry.file.reset();
            bytes_ += bytes_of(target, entry);
        }
    }
}

void HotAnswers::make_file(
    Entry& entry, std::chrono::steady_clock::time_point now, std::string_view date
) {
    const std::string& body = *entry.repeat.body;
    if (n_files_ >= kMaxFiles) drop_files_of_void(now);
    if (body.size() < kMinFileBytes || n_files_ >= kMaxFiles || bytes_ + body.size() > kMaxBytes)
        return;
    UniqueFd file(::memfd_create("pixgate-hot", MFD_CLOEXEC));
    if (!file) return;
    std::string tail = "Date: ";
    tail.append(date).append("\r\n\r\n");
    std::array<iovec, 3> pieces{piece_of(*entry.repeat.head), piece_of(tail), piece_of(body)};
    const auto written = ::writev(file.get(), pieces.data(), pieces.size());
    // Whole or not at all: where memory is short, a write to the socket copies as before.
    const auto whole = entry.repeat.head->size() + tail.size() + body.size();
    if (written != static_cast<ssize_t>(whole)) return;
    entry.file = std::move(file);
    entry.file_tail = std::move(tail);
    bytes_ += body.size();
    ++n_files_;
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
    Entry entry{
        .repeat = std::move(repeat),
        .by_values = {},
        .route = std::string(request.route),
        .file = {},
        .file_tail = {}
    };
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
        forget(target, *old);
        *old = std::move(entry);
        return;
    }
    entries.push_back(std::move(entry));
    ++n_entries_;
}

const HotAnswers::Entry* HotAnswers::find(
    const Head& head,
    std::chrono::steady_clock::time_point now,
    std::string_view date,
    bool& is_unchanged
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
            forget(found->first, entry);
            --n_entries_;
            if (&entry != &entries.back()) entry = std::move(entries.back());
            entries.pop_back();
            if (entries.empty()) targets_.erase(found);
            return nullptr;
        }
        is_unchanged =
            !if_none_match.empty() && etag_matches(if_none_match, entry.repeat.etag, false);
        if (!is_unchanged && ++entry.times_found == kTimesForFile) make_file(entry, now, date);
        return &entry;
    }
    return nullptr;
}

}  // namespace pixgate::http
