#include "aws/canonical.h"

#include <algorithm>
#include <utility>

namespace pixgate::aws {

namespace {

constexpr std::size_t kMaxQueryItems = 100;

S3Result<QueryItem> parse_item(std::string_view raw) {
    const auto equals = raw.find('=');
    auto name = form_decode(raw.substr(0, equals));
    auto value =
        form_decode(equals == std::string_view::npos ? std::string_view{} : raw.substr(equals + 1));
    if (!name || !value) {
        return s3_fail(S3Code::kInvalidArgument, "The query is not percent-encoded properly.");
    }
    return QueryItem{*std::move(name), *std::move(value)};
}

void append_collapsed(std::string& out, std::string_view value) {
    bool after_space = false;
    for (const char c : trim(value)) {
        if (c != ' ' || !after_space) out += c;
        after_space = c == ' ';
    }
}

}  // namespace

S3Result<std::vector<QueryItem>> parse_query(std::string_view raw) {
    std::vector<QueryItem> items;
    while (!raw.empty()) {
        const auto end = raw.find('&');
        const auto part = raw.substr(0, end);
        raw = end == std::string_view::npos ? std::string_view{} : raw.substr(end + 1);
        if (part.empty()) continue;
        TRY(auto item, parse_item(part));
        if (items.size() == kMaxQueryItems) {
            return s3_fail(S3Code::kInvalidArgument, "The query has too many parameters.");
        }
        if (find_item(items, item.name) != nullptr) {
            return s3_fail(S3Code::kInvalidArgument, "A query parameter is given twice.");
        }
        items.push_back(std::move(item));
    }
    return items;
}

const std::string* find_item(const std::vector<QueryItem>& items, std::string_view name) {
    const auto it = std::ranges::find(items, name, &QueryItem::name);
    return it == items.end() ? nullptr : &it->value;
}

std::string canonical_query(const std::vector<QueryItem>& items) {
    std::vector<std::pair<std::string, std::string>> encoded;
    encoded.reserve(items.size());
    std::size_t bytes = 0;
    for (const auto& item : items) {
        if (item.name == "X-Amz-Signature") continue;
        auto& [name, value] = encoded.emplace_back(
            percent_encode(item.name, false), percent_encode(item.value, false)
        );
        bytes += name.size() + value.size() + 2;
    }
    std::ranges::sort(encoded);
    std::string out;
    out.reserve(bytes);
    for (const auto& [name, value] : encoded) {
        if (!out.empty()) out += '&';
        out += name;
        out += '=';
        out += value;
    }
    return out;
}

bool append_canonical_value(std::string& out, const http::Fields& fields, std::string_view name) {
    bool found = false;
    for (const auto& field : fields) {
        if (!equal_ignoring_case(field.name, name)) continue;
        if (found) out += ',';
        found = true;
        append_collapsed(out, field.value);
    }
    return found;
}

CanonicalRequest canonical_request(const CanonicalInput& input) {
    CanonicalRequest result;
    std::string& out = result.text;
    out.reserve(1024);
    out += input.method;
    out += '\n';
    auto path = percent_encode(input.path.empty() ? "/" : input.path, true);
    if (input.path_form == PathForm::kOther) path = percent_encode(path, true);
    out += path;
    out += '\n';
    out += canonical_query(input.query);
    out += '\n';
    for (const auto name : input.signed_headers) {
        out += name;
        out += ':';
        if (!append_canonical_value(out, input.fields, name)) result.has_all_headers = false;
        out += '\n';
    }
    out += '\n';
    for (std::size_t i = 0; i < input.signed_headers.size(); ++i) {
        if (i > 0) out += ';';
        out += input.signed_headers[i];
    }
    out += '\n';
    out += input.payload_hash;
    return result;
}

}  // namespace pixgate::aws
