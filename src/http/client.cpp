#include "http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/url/parse.hpp>
#include <memory>
#include <optional>

#include "base/encoding.h"
#include "http/head_parser.h"

namespace pixgate::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

using Sink = std::function<Result<bool>(std::string_view)>;  // false: enough

struct Target {
    bool is_tls = false;
    std::string host;  // without the brackets of an IPv6 literal
    std::string port;
    std::string authority;  // for Host
    std::string path;       // with the query
};

Result<Target> parse_url(const std::string& text) {
    const auto url = boost::urls::parse_uri(text);
    if (!url) return fail(Errc::kInvalidArgument, "not a URL");
    Target target;
    target.is_tls = url->scheme_id() == boost::urls::scheme::https;
    if (!target.is_tls && url->scheme_id() != boost::urls::scheme::http) {
        return fail(Errc::kInvalidArgument, "only http and https URLs are called");
    }
    if (url->has_userinfo() || url->encoded_host().empty()) {
        return fail(Errc::kInvalidArgument, "a URL to call has a host and no user name");
    }
    target.host = url->host_address();
    target.port = url->has_port() ? std::string(url->port()) : (target.is_tls ? "443" : "80");
    target.authority = std::string(url->encoded_host_and_port());
    target.path = std::string(url->encoded_path());
    if (target.path.empty()) target.path = "/";
    if (url->has_query()) target.path += "?" + std::string(url->encoded_query());
    return target;
}

Result<std::string> request_head(const ClientRequest& request, const Target& target) {
    if (!is_token(request.method)) return fail(Errc::kInvalidArgument, "not a method");
    std::string head = fmt::format(
        "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", request.method, target.path,
        target.authority
    );
    bool has_agent = false;
    for (const auto& [name, value] : request.fields) {
        if (!is_token(name) || !is_field_text(value)) {
            return fail(Errc::kInvalidArgument, "bad character in a header field");
        }
        // Ours to say.
        if (equal_ignoring_case(name, "Host") || equal_ignoring_case(name, "Content-Length") ||
            equal_ignoring_case(name, "Connection") ||
            equal_ignoring_case(name, "Transfer-Encoding")) {
            continue;
        }
        has_agent = has_agent || equal_ignoring_case(name, "User-Agent");
        head += name + ": " + value + "\r\n";
    }
    if (!has_agent) head += "User-Agent: pixgate\r\n";
    const bool has_body = request.stream != nullptr || !request.body.empty() ||
                          request.method == "POST" || request.method == "PUT";
    if (request.stream != nullptr && !request.stream->length()) {
        head += "Transfer-Encoding: chunked\r\n";
    } else if (has_body) {
        const auto length = request.stream ? *request.stream->length() : request.body.size();
        head += fmt::format("Content-Length: {}\r\n", length);
    }
    return head + "\r\n";
}

Error to_error(const error_code& ec, std::string_view doing, const Target& target) {
    auto code = Errc::kUnavailable;
    if (ec == beast::error::timeout) code = Errc::kDeadlineExceeded;
    if (ec == asio::error::operation_aborted) code = Errc::kCancelled;
    return Error{code, fmt::format("{} {}: {}", doing, target.authority, ec.message()), {}};
}

// One exchange over a connected stream, plain or TLS.
template <class Stream>
class Exchange {
public:
    Exchange(Stream& stream, ClientRequest& request, const Target& target)
        : stream_(stream), request_(request), target_(target) {}

    Task<Result<ClientResponse>> run(const Sink& sink) {
        CO_TRY(const std::string head, request_head(request_, target_));
        auto sent = co_await write(head);
        if (sent) sent = co_await send_body();
        // A server that refuses early may close before it has read everything; its answer counts.
        if (!sent && sent.error().code != Errc::kUnavailable)
            co_return std::unexpected(sent.error());
        auto response = co_await read_response(sink);
        if (!response && !sent) co_return std::unexpected(sent.error());
        co_return response;
    }

private:
    void begin() { beast::get_lowest_layer(stream_).expires_after(request_.timeout); }

    Task<Result<void>> write(std::string_view text) {
        error_code ec;
        // In pieces, so that the deadline is one of progress.
        constexpr std::size_t kPiece = 64 * 1024;
        while (!text.empty()) {
            const auto piece = text.substr(0, kPiece);
            begin();
            co_await asio::async_write(
                stream_, asio::buffer(piece.data(), piece.size()),
                asio::redirect_error(asio::use_awaitable, ec)
            );
            if (ec) co_return std::unexpected(to_error(ec, "sending to", target_));
            text.remove_prefix(piece.size());
        }
        co_return Result<void>{};
    }

    Task<Result<void>> write_counted(std::string_view text) {
        constexpr std::size_t kPiece = 64 * 1024;
        while (!text.empty()) {
            const auto piece = text.substr(0, kPiece);
            CO_CHECK(co_await write(piece));
            text.remove_prefix(piece.size());
            sent_bytes_ += piece.size();
            if (request_.on_sent) request_.on_sent(sent_bytes_);
        }
        co_return Result<void>{};
    }

    Task<Result<void>> send_body() {
        if (request_.stream == nullptr) co_return co_await write_counted(request_.body);
        const auto length = request_.stream->length();
        for (;;) {
            CO_TRY(const ByteView piece, co_await request_.stream->next());
            if (piece.empty()) break;
            if (!length) CO_CHECK(co_await write(fmt::format("{:x}\r\n", piece.size())));
            CO_CHECK(co_await write_counted(as_text(piece)));
            if (!length) CO_CHECK(co_await write("\r\n"));
        }
        if (!length) co_return co_await write("0\r\n\r\n");
        if (sent_bytes_ != *length) {
            co_return fail(Errc::kCorrupt, "the body to send has another length than it said");
        }
        co_return Result<void>{};
    }

    using Parser = beast::http::response_parser<beast::http::buffer_body>;

    Task<Result<void>> read_head(std::optional<Parser>& parser) {
        for (;;) {
            parser.emplace();
            parser->body_limit(boost::none);
            parser->header_limit(64 * 1024);
            parser->skip(request_.method == "HEAD");
            error_code ec;
            begin();
            co_await beast::http::async_read_header(
                stream_, buffer_, *parser, asio::redirect_error(asio::use_awaitable, ec)
            );
            if (ec) co_return std::unexpected(to_error(ec, "reading the answer of", target_));
            if (parser->get().result_int() >= 200) co_return Result<void>{};
        }
    }

    Task<Result<ClientResponse>> read_response(const Sink& sink) {
        std::optional<Parser> parser;
        CO_CHECK(co_await read_head(parser));
        ClientResponse response;
        response.status = parser->get().result_int();
        for (const auto& field : parser->get()) {
            response.fields.emplace_back(field.name_string(), field.value());
        }
        std::array<char, 16 * 1024> piece{};
        while (!parser->is_done()) {
            auto& body = parser->get().body();
            body.data = piece.data();
            body.size = piece.size();
            error_code ec;
            begin();
            co_await beast::http::async_read_some(
                stream_, buffer_, *parser, asio::redirect_error(asio::use_awaitable, ec)
            );
            if (ec && ec != beast::http::error::need_buffer) {
                co_return std::unexpected(to_error(ec, "reading the answer of", target_));
            }
            const std::string_view got(piece.data(), piece.size() - parser->get().body().size);
            if (got.empty()) continue;
            CO_TRY(const bool goes_on, sink(got));
            if (!goes_on) break;
        }
        co_return response;
    }

    Stream& stream_;
    ClientRequest& request_;
    const Target& target_;
    beast::flat_buffer buffer_{128 * 1024};
    std::uint64_t sent_bytes_ = 0;
};

asio::ssl::context& tls_context() {
    static const auto kContext = [] {
        auto made = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
        made->set_default_verify_paths();
        made->set_verify_mode(asio::ssl::verify_peer);
        SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
        return made;
    }();
    return *kContext;
}

Task<Result<tcp::resolver::results_type>> resolve(const Target& target) {
    tcp::resolver resolver(co_await asio::this_coro::executor);
    error_code ec;
    auto results = co_await resolver.async_resolve(
        target.host, target.port, asio::redirect_error(asio::use_awaitable, ec)
    );
    if (ec) co_return std::unexpected(to_error(ec, "looking up", target));
    co_return results;
}

Task<Result<ClientResponse>> exchange(ClientRequest& request, const Sink& sink) {
    CO_TRY(const Target target, parse_url(request.url));
    auto looking_up = resolve(target);
    CO_TRY(
        const auto addresses, co_await with_deadline(std::move(looking_up), request.connect_timeout)
    );

    beast::tcp_stream stream(co_await asio::this_coro::executor);
    stream.expires_after(request.connect_timeout);
    error_code ec;
    co_await stream.async_connect(addresses, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return std::unexpected(to_error(ec, "connecting to", target));
    stream.socket().set_option(tcp::no_delay(true), ec);
    if (!target.is_tls) {
        Exchange plain(stream, request, target);
        co_return co_await plain.run(sink);
    }
    beast::ssl_stream<beast::tcp_stream> tls(std::move(stream), tls_context());
    error_code not_an_address;
    asio::ip::make_address(target.host, not_an_address);
    // Server names are names only (RFC 6066 section 3).
    if (not_an_address) SSL_set_tlsext_host_name(tls.native_handle(), target.host.c_str());
    tls.set_verify_callback(asio::ssl::host_name_verification(target.host));
    beast::get_lowest_layer(tls).expires_after(request.connect_timeout);
    co_await tls.async_handshake(
        asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, ec)
    );
    if (ec) co_return std::unexpected(to_error(ec, "TLS handshake with", target));
    Exchange encrypted(tls, request, target);
    co_return co_await encrypted.run(sink);
}

}  // namespace

std::string_view ClientResponse::get(std::string_view name) const {
    for (const auto& [key, value] : fields) {
        if (equal_ignoring_case(key, name)) return value;
    }
    return {};
}

Task<Result<ClientResponse>> fetch(ClientRequest request) {
    std::string body;
    const Sink sink = [&](std::string_view piece) -> Result<bool> {
        if (body.size() + piece.size() > request.max_response_bytes) {
            return fail(Errc::kTooLarge, "the answer is over its limit");
        }
        body += piece;
        return true;
    };
    CO_TRY(ClientResponse response, co_await exchange(request, sink));
    response.body = std::move(body);
    co_return response;
}

Task<Result<unsigned>> fetch_stream(
    ClientRequest request, std::function<bool(std::string_view)> on_piece
) {
    const Sink sink = [&](std::string_view piece) -> Result<bool> { return on_piece(piece); };
    CO_TRY(const ClientResponse response, co_await exchange(request, sink));
    co_return response.status;
}

}  // namespace pixgate::http
