#include "roles/store/operations.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace pixgate::store {

namespace {

using enum Level;

#define PIXGATE_ENTRY(method, level, selector, parameters, name) \
    OperationEntry{method, level, selector, parameters, #name, &name},
constexpr std::array kOperations{PIXGATE_STORE_OPERATIONS(PIXGATE_ENTRY)};
#undef PIXGATE_ENTRY

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const auto end = words.find(' ');
        if (words.substr(0, end) == word) return true;
        words = end == std::string_view::npos ? std::string_view{} : words.substr(end + 1);
    }
    return false;
}

bool knows(const OperationEntry& entry, const aws::QueryItem& item, aws::AuthKind kind) {
    if (item.name == "x-id" || item.name == entry.selector) return true;
    // Authentication, and headers that a signer moved into the query: the operation looks at those.
    if (kind == aws::AuthKind::kPresigned && to_lower(item.name).starts_with("x-amz-")) return true;
    return has_word(entry.parameters, item.name);
}

}  // namespace

aws::S3Result<const OperationEntry*> find_operation(
    std::string_view method, Level level, const aws::VerifiedRequest& verified
) {
    const OperationEntry* plain = nullptr;
    const OperationEntry* selected = nullptr;
    for (const auto& entry : kOperations) {
        if (entry.method != method || entry.level != level) continue;
        if (entry.selector.empty()) {
            plain = &entry;
        } else if (verified.query_value(entry.selector) != nullptr) {
            selected = &entry;
        }
    }
    const auto* entry = selected != nullptr ? selected : plain;
    if (entry == nullptr) {
        static constexpr std::array<std::string_view, 5> kS3Methods{
            "DELETE", "GET", "HEAD", "POST", "PUT"
        };
        return aws::s3_fail(
            std::ranges::binary_search(kS3Methods, method) ? aws::S3Code::kNotImplemented
                                                           : aws::S3Code::kMethodNotAllowed
        );
    }
    for (const auto& item : verified.query) {
        if (knows(*entry, item, verified.kind)) continue;
        return std::unexpected(
            aws::S3Error(aws::S3Code::kNotImplemented).with("ResourceType", item.name)
        );
    }
    return entry;
}

}  // namespace pixgate::store
