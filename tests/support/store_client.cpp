#include "tests/support/store_client.h"

#include <unistd.h>

#include <algorithm>

namespace pixgate::testing {

namespace {

constexpr std::string_view kHost = "127.0.0.1:9000";

// Tells whether the handler asked for the body: that is when "100 Continue" goes out.
class WatchedBody : public BodySource {
public:
    explicit WatchedBody(std::string text)
        : size_(text.size()), inner_(make_text_body(std::move(text))) {}
    Task<Result<ByteView>> next() override {
        was_read = true;
        return inner_->next();
    }
    std::optional<std::uint64_t> length() const override { return size_; }
    bool was_read = false;

private:
    std::uint64_t size_;
    std::unique_ptr<BodySource> inner_;
};

std::string read_file(const http::FileBody& file) {
    std::string out(file.length, '\0');
    const auto n = ::pread(file.fd.get(), out.data(), out.size(), static_cast<off_t>(file.offset));
    out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return out;
}

std::string body_text(http::Response& response) {
    if (auto* text = std::get_if<std::string>(&response.body)) return *text;
    if (auto* shared = std::get_if<http::SharedBody>(&response.body)) return **shared;
    if (auto* file = std::get_if<http::FileBody>(&response.body)) return read_file(*file);
    if (auto* stream = std::get_if<http::StreamBody>(&response.body)) {
        return run_task(read_all(**stream, 1 << 30)).value();
    }
    return {};
}

}  // namespace

std::string StoreAnswer::element(std::string_view name) const {
    const auto open = '<' + std::string(name) + '>';
    const auto from = body.find(open);
    if (from == std::string::npos) return {};
    const auto at = from + open.size();
    return body.substr(at, body.find("</", at) - at);
}

StoreRequest signed_with(
    StoreRequest request, TimePoint at, std::string_view access_key_id, std::string_view secret
) {
    const auto date = format_iso_basic(at);
    const auto payload = request.payload.value_or(sha256_hex(request.body));
    request.headers.emplace_back("Host", kHost);
    request.headers.emplace_back("x-amz-date", date);
    request.headers.emplace_back("x-amz-content-sha256", payload);

    SignedVector v;
    v.set_target(request.target);
    v.headers = request.headers;
    std::vector<std::string> names;
    for (const auto& [name, value] : request.headers) names.push_back(to_lower(name));
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto fields = v.fields();
    const auto query = aws::parse_query(v.query).value();
    const auto path = percent_decode(v.path).value();
    const auto canonical = aws::canonical_request(
        {request.method, path, aws::PathForm::kS3, query, views, fields, payload}
    );
    const auto day = date.substr(0, 8);
    const auto scope = day + "/us-east-1/s3/aws4_request";
    const auto key = aws::derive_signing_key(secret, day, "us-east-1", "s3");
    std::string signed_names;
    for (const auto& name : names) signed_names += (signed_names.empty() ? "" : ";") + name;
    request.headers.emplace_back(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=" + std::string(access_key_id) + '/' + scope +
            ", SignedHeaders=" + signed_names + ", Signature=" +
            aws::signature_of(key, aws::string_to_sign(date, scope, canonical.text))
    );
    return request;
}

TestStore::TestStore(store::StoreConfig config)
    : adapters(memory::make_adapters({}, clock)),
      credentials(std::string(kExampleKeyId), std::string(kExampleSecret)),
      handler(std::make_unique<store::StoreHandler>(
          *adapters.store, *adapters.buckets, credentials, clock, std::move(config)
      )) {
    run_task(adapters.buckets->create("bkt", true)).value();
}

StoreAnswer TestStore::send(const StoreRequest& sent) {
    WatchedBody body(sent.body);
    http::Request request;
    const auto mark = sent.target.find('?');
    const std::string_view target = sent.target;
    request.method = sent.method;
    request.path = target.substr(0, mark);
    request.query = mark == std::string::npos ? std::string_view{} : target.substr(mark + 1);
    for (const auto& [name, value] : sent.headers) request.fields.add(name, trim(value));
    request.host = request.fields.get("Host");
    if (sent.has_length) request.content_length = sent.body.size();
    request.peer = "127.0.0.1:51234";
    request.id = "00112233aabbccdd";
    request.body = &body;

    StoreAnswer answer;
    answer.response = run_task(handler->handle(request));
    answer.status = answer.response.status;
    answer.body = body_text(answer.response);
    answer.body_was_read = body.was_read;
    return answer;
}

}  // namespace pixgate::testing
