#include "core/bucket.h"

#include <algorithm>

namespace pixgate {

bool is_bucket_name(std::string_view name) {
    const auto is_alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if (name.size() < 3 || name.size() > 63) return false;
    if (!is_alnum(name.front()) || !is_alnum(name.back())) return false;
    if (name.find("..") != name.npos || name.starts_with("xn--")) return false;
    if (name.ends_with("-s3alias")) return false;
    const auto is_allowed = [&](char c) { return is_alnum(c) || c == '-' || c == '.'; };
    if (!std::ranges::all_of(name, is_allowed)) return false;
    const auto is_digit_or_dot = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
    return std::ranges::count(name, '.') != 3 || !std::ranges::all_of(name, is_digit_or_dot);
}

}  // namespace pixgate
