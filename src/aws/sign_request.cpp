#include "aws/sign_request.h"

namespace pixgate::aws {

std::vector<std::pair<std::string, std::string>> sign_request(
    const UnsignedRequest& request, const ServiceKey& key, TimePoint now
) {
    const std::string amz_date = format_iso_basic(now);
    const std::string date = amz_date.substr(0, 8);
    const std::string scope = date + "/" + key.region + "/" + key.service + "/aws4_request";
    std::vector<std::pair<std::string, std::string>> out{{"X-Amz-Date", amz_date}};
    if (!key.session_token.empty()) out.emplace_back("X-Amz-Security-Token", key.session_token);

    http::Fields fields;
    fields.add("host", request.host);
    for (const auto& [name, value] : out) fields.add(name, value);
    std::vector<std::string_view> signed_headers{"host", "x-amz-date"};
    if (!key.session_token.empty()) signed_headers.emplace_back("x-amz-security-token");
    const std::string payload_hash = sha256_hex(request.body);
    const std::vector<QueryItem> no_query;
    const auto canonical = canonical_request(
        {.method = request.method,
         .path = request.path,
         .path_form = PathForm::kOther,
         .query = no_query,
         .signed_headers = signed_headers,
         .fields = fields,
         .payload_hash = payload_hash}
    );
    const auto signing_key = derive_signing_key(key.secret, date, key.region, key.service);
    std::string value = std::string(kAlgorithm) + " Credential=" + key.access_key_id + "/" + scope;
    value += ", SignedHeaders=host;x-amz-date";
    if (!key.session_token.empty()) value += ";x-amz-security-token";
    value +=
        ", Signature=" + signature_of(signing_key, string_to_sign(amz_date, scope, canonical.text));
    out.emplace_back("Authorization", std::move(value));
    return out;
}

}  // namespace pixgate::aws
