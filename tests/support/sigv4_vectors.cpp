#include "tests/support/sigv4_vectors.h"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/source_dir.h"

namespace pixgate::testing {

namespace json = boost::json;

namespace {

std::string text_at(const json::object& o, std::string_view name) {
    const auto* v = o.if_contains({name.data(), name.size()});
    return v == nullptr ? std::string{} : std::string(v->as_string());
}

TimePoint time_at(const json::object& o) {
    return parse_iso_basic(text_at(o, "at")).value();
}

SignedVector read_request(const json::object& o) {
    SignedVector v;
    v.id = text_at(o, "id");
    v.at = time_at(o);
    v.region = text_at(o, "region");
    v.service = text_at(o, "service");
    v.session_token = text_at(o, "session_token");
    v.method = text_at(o, "method");
    v.set_target(text_at(o, "target"));
    for (const auto& pair : o.at("headers").as_array()) {
        const auto& list = pair.as_array();
        v.headers.emplace_back(list[0].as_string(), list[1].as_string());
    }
    v.body = text_at(o, "body");
    v.body_sha256 = text_at(o, "body_sha256");
    v.canonical_request = text_at(o, "canonical_request");
    v.string_to_sign = text_at(o, "string_to_sign");
    v.signature = text_at(o, "signature");
    v.signing_key = text_at(o, "signing_key");
    return v;
}

std::string replaced(std::string text, const json::array& from_to) {
    const std::string from(from_to[0].as_string());
    const auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("nothing to replace: " + from);
    return text.replace(at, from.size(), std::string(from_to[1].as_string()));
}

RefusalVector read_refusal(const json::object& o) {
    RefusalVector r;
    r.id = text_at(o, "id");
    r.request = signed_vector(text_at(o, "base"));
    if (o.contains("at")) r.request.at = time_at(o);
    if (o.contains("method")) r.request.method = text_at(o, "method");
    if (o.contains("body")) r.request.body = text_at(o, "body");
    if (const auto* h = o.if_contains("set_header")) {
        r.request.set_header(
            h->as_array()[0].as_string(), std::string(h->as_array()[1].as_string())
        );
    }
    if (o.contains("remove_header")) r.request.remove_header(text_at(o, "remove_header"));
    if (const auto* h = o.if_contains("replace_in_header")) {
        const std::string name(h->as_array()[0].as_string());
        const json::array from_to{h->as_array()[1], h->as_array()[2]};
        r.request.set_header(name, replaced(r.request.header(name), from_to));
    }
    if (const auto* t = o.if_contains("replace_in_target")) {
        r.request.set_target(replaced(r.request.target(), t->as_array()));
    }
    r.is_about_body = text_at(o, "when") == "body";
    r.status = static_cast<unsigned>(o.at("status").as_int64());
    r.code = text_at(o, "code");
    r.message = text_at(o, "message");
    return r;
}

}  // namespace

http::Fields SignedVector::fields() const {
    http::Fields out;
    for (const auto& [name, value] : headers) out.add(name, trim(value));
    return out;
}

void SignedVector::set_header(std::string_view name, std::string value) {
    remove_header(name);
    headers.emplace_back(name, std::move(value));
}

void SignedVector::remove_header(std::string_view name) {
    std::erase_if(headers, [&](const auto& h) { return equal_ignoring_case(h.first, name); });
}

std::string SignedVector::header(std::string_view name) const {
    for (const auto& [n, value] : headers) {
        if (equal_ignoring_case(n, name)) return value;
    }
    return {};
}

void SignedVector::set_target(std::string_view target) {
    const auto mark = target.find('?');
    path = target.substr(0, mark);
    query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

const std::vector<SignedVector>& signed_vectors() {
    static const auto kAll = [] {
        std::vector<SignedVector> out;
        const auto root = json::parse(read_golden("sigv4/requests.json"));
        for (const auto& o : root.at("requests").as_array()) {
            out.push_back(read_request(o.as_object()));
        }
        return out;
    }();
    return kAll;
}

const SignedVector& signed_vector(std::string_view id) {
    const auto it = std::ranges::find(signed_vectors(), id, &SignedVector::id);
    if (it == signed_vectors().end()) throw std::runtime_error("no vector " + std::string(id));
    return *it;
}

const std::vector<RefusalVector>& refusal_vectors() {
    static const auto kAll = [] {
        std::vector<RefusalVector> out;
        const auto root = json::parse(read_golden("sigv4/refusals.json"));
        for (const auto& o : root.at("refusals").as_array()) {
            out.push_back(read_refusal(o.as_object()));
        }
        return out;
    }();
    return kAll;
}

aws::S3Result<aws::VerifiedRequest> verify_vector(
    const SignedVector& v, TimePoint now, bool allow_streaming
) {
    aws::FixedCredentials credentials;
    credentials.add(
        std::string(kExampleKeyId), {std::string(kExampleSecret), v.session_token, std::nullopt}
    );
    const ManualClock clock(now);
    aws::VerifyPolicy policy;
    policy.service = v.service;
    policy.allow_streaming_payload = allow_streaming;
    aws::Verifier verifier(credentials, clock, policy);
    const auto fields = v.fields();
    return verifier.verify_request({v.method, v.path, v.query, fields, v.body_sha256});
}

std::string read_golden(std::string_view name) {
    const auto path = source_dir() + "/tests/golden/" + std::string(name);
    const std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace pixgate::testing
