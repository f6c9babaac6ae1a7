// Answers that may be given again without asking the handler (Repeat in http/message.h): what a hot
// picture costs is then one look here. One table per event loop, touched by its thread only, so
// that cores do not wait for each other. For http/*.cpp only.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "http/head_parser.h"
#include "http/message.h"

namespace pixgate::http {

class HotAnswers {
public:
    struct Entry {
        Repeat repeat;
        std::vector<std::string> by_values;  // beside repeat.by_fields
        std::string route;
        std::uint32_t times_found = 0;
        // The whole answer as a file in memory, of one that is asked for often: one sendfile()
        // gives the kernel its pages where a write copies them. It is the same for all, so it has
        // no request id, and its date is that of when it was made, a moment ago.
        UniqueFd file;
        std::string file_tail;  // what lies in it between head and body
    };

    // Takes response.repeat, where there is one.
    void keep(const Request& request, Response& response);

    // The answer to this request; null where the handler is to be asked. `is_unchanged`: answer
    // 304. `date` is that of now, as the field says it. Holds until the next call of keep() or
    // find().
    const Entry* find(
        const Head& head,
        std::chrono::steady_clock::time_point now,
        std::string_view date,
        bool& is_unchanged
    );
    static constexpr std::size_t kMinFileBytes = 16 << 10;  // below it a copy is cheaper
    static constexpr std::uint32_t kTimesForFile = 8;
    std::size_t bytes() const { return bytes_; }  // held, about

private:
    // What is held here may be gone from the cache it came from, so it is little.
    static constexpr std::size_t kMaxBytes = 16 << 20;
    static constexpr std::size_t kMaxEntries = 4'096;
    static constexpr std::size_t kMaxBodyBytes = 1 << 20;
    static constexpr std::size_t kMaxKeyBytes = 1 << 10;  // of a target and its values
    // Of one target, by what browsers send: one per kind of browser.
    static constexpr std::size_t kMaxPerTarget = 8;
    static constexpr std::size_t kMaxFiles = 64;  // of the open files that a process may have

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    void clear();
    void forget(std::string_view target, const Entry& entry);
    void drop_files_of_void(std::chrono::steady_clock::time_point now);
    void make_file(Entry& entry, std::chrono::steady_clock::time_point now, std::string_view date);

    std::unordered_map<std::string, std::vector<Entry>, Hash, std::equal_to<>> targets_;
    std::size_t bytes_ = 0;
    std::size_t n_entries_ = 0;
    std::size_t n_files_ = 0;
};

}  // namespace pixgate::http
