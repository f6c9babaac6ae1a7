// A whole request head from bytes: method, target and fields, one per line. The verifier must
// neither crash nor accept, as no input can know the secret. A second look takes the same bytes as
// an Authorization value or a query of an otherwise good request.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "aws/sigv4.h"

using namespace pixgate;

namespace {

std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return line;
}

void verify(aws::Verifier& verifier, const aws::SignedRequest& request) {
    if (verifier.verify_request(request)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const aws::FixedCredentials kCredentials("AKIAIOSFODNN7EXAMPLE", "secret of the fuzz");
    static const ManualClock kClock(parse_iso_basic("20260115T093000Z").value());
    static aws::Verifier verifier(kCredentials, kClock, {});
    const std::string_view all(reinterpret_cast<const char*>(data), size);

    std::string_view rest = all;
    const auto method = take_line(rest);
    const auto target = take_line(rest);
    http::Fields fields;
    while (!rest.empty() && fields.size() < 100) {
        const auto line = take_line(rest);
        const auto colon = line.find(':');
        fields.add(
            line.substr(0, colon),
            colon == std::string_view::npos ? std::string_view("") : trim(line.substr(colon + 1))
        );
    }
    const auto mark = target.find('?');
    verify(
        verifier,
        {method, target.substr(0, mark),
         mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1), fields}
    );

    http::Fields header;
    header.add("Host", "127.0.0.1:9000");
    header.add("x-amz-date", "20260115T093000Z");
    header.add("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    header.add("Authorization", all);
    verify(verifier, {"GET", "/b/k", {}, header});
    http::Fields bare;
    bare.add("Host", "127.0.0.1:9000");
    verify(verifier, {"PUT", "/b/k", all, bare});
    return 0;
}
