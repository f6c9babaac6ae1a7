#include "core/storage_event.h"

#include <algorithm>

namespace pixgate {

std::strong_ordering compare_sequencers(std::string_view a, std::string_view b) {
    const auto at = [](std::string_view text, std::size_t i) -> char {
        if (i >= text.size()) return '0';
        const char c = text[i];
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    };
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        if (at(a, i) != at(b, i)) return at(a, i) <=> at(b, i);
    }
    return std::strong_ordering::equal;
}

}  // namespace pixgate
