// Answers that may be given again without asking the handler (Repeat in http/message.h): what a hot
// picture costs is then one look here. One table per event loop, touched by its thread only, so
// that cores do not wait for each other. For http/*.cpp only.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/head_parser.h"
#include "http/message.h"

namespace pixgate::http {

class HotAnswers {
public:
    struct Entry {
        Repeat repeat;
        std::vector<std::string> by_values;  // beside repeat.by_fields
        std::string route;
    };

    // Takes response.repeat, where there is one.
    void keep(const Request& request, Response& response);

    // The answer to this request; null where the handler is to be asked. `is_unchanged`: answer
    // 304. Holds until the next call of keep() or find().
    const Entry* find(
        const Head& head, std::chrono::steady_clock::time_point now, bool& is_unchanged
    );
    std::size_t bytes() const { return bytes_; }  // held, about

private:
    // What is held here may be gone from the cache it came from, so it is little.
    static constexpr std::size_t kMaxBytes = 16 << 20;
    static constexpr std::size_t kMaxEntries = 4'096;
    static constexpr std::size_t kMaxBodyBytes = 1 << 20;
    static constexpr std::size_t kMaxKeyBytes = 1 << 10;  // of a target and its values
    // Of one target, by what browsers send: one per kind of browser.
    static constexpr std::size_t kMaxPerTarget = 8;

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    void clear();

    std::unordered_map<std::string, std::vector<Entry>, Hash, std::equal_to<>> targets_;
    std::size_t bytes_ = 0;
    std::size_t n_entries_ = 0;
};

}  // namespace pixgate::http
