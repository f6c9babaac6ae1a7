#include "adapters/cloudfront/cloudfront_purge.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/sign_request.h"
#include "aws/xml_reader.h"
#include "aws/xml_writer.h"
#include "http/client.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kNamespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
constexpr std::size_t kMaxWildcards = 15;  // in progress at once
// More than these take minutes, fifteen at a time.
constexpr std::size_t kMaxPending = 50;
constexpr std::size_t kMaxPathBytes = 4'000;
// An invalidation takes a minute or so; then there is room for the next.
constexpr auto kWhenFull = 30s;

std::string path_of(const std::string& pattern, const ImageId& id) {
    const auto mark = pattern.find("{id}");
    return pattern.substr(0, mark) + id.value + pattern.substr(mark + 4);
}

bool is_good_path(const std::string& pattern) {
    const auto star = pattern.find('*');
    return pattern.starts_with('/') && pattern.find("{id}") != pattern.npos &&
           pattern.size() < kMaxPathBytes && (star == pattern.npos || star + 1 == pattern.size()) &&
           std::ranges::all_of(pattern, [](char c) { return c > ' ' && c < 127; });
}

class CloudFrontPurge : public PurgeTarget {
public:
    CloudFrontPurge(CloudFrontConfig config, const Clock& clock)
        : config_(std::move(config)), clock_(clock) {
        host_ = config_.endpoint.substr(config_.endpoint.find("://") + 3);
        key_.access_key_id = config_.access_key_id;
        key_.secret = config_.secret;
        key_.session_token = config_.session_token;
        key_.service = "cloudfront";
    }

    Task<Result<void>> purge(const PurgeBatch& batch, std::chrono::seconds& retry_after_out)
        override {
        const std::string path =
            "/2020-05-31/distribution/" + config_.distribution_id + "/invalidation";
        http::ClientRequest request;
        request.method = "POST";
        request.url = config_.endpoint + path;
        request.body = body_of(batch);
        request.fields = aws::sign_request(
            {.method = "POST", .host = host_, .path = path, .body = request.body}, key_,
            clock_.now()
        );
        request.fields.emplace_back("Content-Type", "application/xml");
        CO_TRY(const auto answer, co_await http::fetch(std::move(request)));
        co_return classify(answer, retry_after_out);
    }
    std::size_t max_images() const override {
        return std::max<std::size_t>(1, kMaxWildcards / config_.paths.size());
    }
    std::size_t max_pending() const override { return kMaxPending; }
    std::string_view name() const override { return "cloudfront"; }

private:
    std::vector<std::string> paths_of(const PurgeBatch& batch) const {
        std::vector<std::string> out;
        if (batch.is_everything) {
            for (const auto& pattern : config_.paths) {
                auto path = pattern.substr(0, pattern.find("{id}")) + "*";
                if (std::ranges::find(out, path) == out.end()) out.push_back(std::move(path));
            }
            return out;
        }
        for (const auto& id : batch.images) {
            for (const auto& pattern : config_.paths) out.push_back(path_of(pattern, id));
        }
        return out;
    }

    std::string body_of(const PurgeBatch& batch) const {
        const auto paths = paths_of(batch);
        aws::XmlWriter xml("InvalidationBatch", kNamespace);
        xml.open("Paths").element("Quantity", std::to_string(paths.size())).open("Items");
        for (const auto& path : paths) xml.element("Path", path);
        xml.close("Items").close("Paths").element("CallerReference", batch.reference);
        return xml.finish();
    }

    // <ErrorResponse><Error><Code>…
    static std::string code_of(const http::ClientResponse& answer) {
        const auto xml = aws::read_xml(answer.body);
        if (!xml) return "unreadable";
        const auto error = aws::child_of((*xml)->document_element(), "Error");
        return aws::child_of(error, "Code").text().as_string("none");
    }

    static Result<void> classify(
        const http::ClientResponse& answer, std::chrono::seconds& retry_after_out
    ) {
        if (answer.status / 100 == 2) return {};
        const std::string code = code_of(answer);
        const auto message = fmt::format("CloudFront answered {} {}", answer.status, code);
        if (code == "TooManyInvalidationsInProgress" || code == "Throttling") {
            retry_after_out = kWhenFull;
            return fail(Errc::kOverloaded, message);
        }
        if (answer.status == 401 || answer.status == 403)
            return fail(Errc::kPermissionDenied, message);
        if (answer.status / 100 == 4) return fail(Errc::kInvalidArgument, message);
        return fail(Errc::kUnavailable, message);
    }

    CloudFrontConfig config_;
    const Clock& clock_;
    std::string host_;
    aws::ServiceKey key_;
};

}  // namespace

Result<std::unique_ptr<PurgeTarget>> make_cloudfront_purge(
    CloudFrontConfig config, const Clock& clock
) {
    const bool is_id =
        !config.distribution_id.empty() && std::ranges::all_of(config.distribution_id, [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        });
    if (!is_id) return fail(Errc::kInvalidArgument, "not the id of a distribution", "distribution");
    if (config.access_key_id.empty() || config.secret.empty())
        return fail(Errc::kInvalidArgument, "a distribution needs an access key", "access_key");
    const bool has_paths = !config.paths.empty() && config.paths.size() <= kMaxWildcards;
    if (!has_paths || !std::ranges::all_of(config.paths, is_good_path)) {
        return fail(
            Errc::kInvalidArgument,
            "paths begin with / and hold {id}; * may only be their last character", "paths"
        );
    }
    return std::make_unique<CloudFrontPurge>(std::move(config), clock);
}

}  // namespace pixgate
