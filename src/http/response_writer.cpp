#include "http/response_writer.h"

#include <fmt/format.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <iterator>

#include "base/log.h"
#include "http/head_parser.h"
#include "http/pieces.h"
#include "http/stream_writer.h"

namespace pixgate::http {

namespace {

// Up to this a file goes out together with its head, in one write.
constexpr std::uint64_t kSmallFileBytes = 64 * 1024;
constexpr std::size_t kSendfileBytes = 1024 * 1024;

bool is_ours(std::string_view name) {
    return equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Date") ||
           equal_ignoring_case(name, "Connection") ||
           equal_ignoring_case(name, "Transfer-Encoding");
}

std::optional<std::uint64_t> length_of(const Response& response) {
    struct Visitor {
        std::optional<std::uint64_t> operator()(std::monostate) const { return 0; }
        std::optional<std::uint64_t> operator()(const std::string& text) const {
            return text.size();
        }
        std::optional<std::uint64_t> operator()(const SharedBody& text) const {
            return text ? text->size() : 0;
        }
        std::optional<std::uint64_t> operator()(const PartBody& part) const { return part.length; }
        std::optional<std::uint64_t> operator()(const FileBody& file) const { return file.length; }
        std::optional<std::uint64_t> operator()(const StreamBody& stream) const {
            return stream ? stream->length() : 0;
        }
    };
    return std::visit(Visitor{}, response.body);
}

std::string_view text_of(const Response& response) {
    if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
    if (const auto* part = std::get_if<PartBody>(&response.body)) return part->text();
    const auto* shared = std::get_if<SharedBody>(&response.body);
    return shared && *shared ? std::string_view(**shared) : std::string_view{};
}

bool is_event_stream(const Response& response) {
    return response.get("Content-Type").starts_with("text/event-stream");
}

// Reads exactly out.size() bytes; false where the file is shorter. `flags` of preadv2.
bool read_exactly(const FileBody& file, std::span<char> out, int flags, std::size_t& done) {
    while (done < out.size()) {
        iovec piece{out.data() + done, out.size() - done};
        const auto n =
            ::preadv2(file.fd.get(), &piece, 1, static_cast<off_t>(file.offset + done), flags);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        done += static_cast<std::size_t>(n);
    }
    return true;
}

}  // namespace

Framing framing_of(const Response& response, const AnswerContext& context) {
    Framing framing;
    const bool never_has_body =
        response.status < 200 || response.status == 204 || response.status == 304;
    framing.has_body = !context.is_head && !never_has_body;
    framing.length = length_of(response);
    if (!framing.has_body && std::holds_alternative<std::monostate>(response.body)) {
        framing.length.reset();
    }
    if (!framing.has_body && response.announced_length) framing.length = response.announced_length;
    if (response.status < 200 || response.status == 204) framing.length.reset();
    framing.is_chunked = framing.has_body && !framing.length && !context.is_http_1_0;
    return framing;
}

std::string build_head(
    const Response& response, const Framing& framing, const AnswerContext& context
) {
    std::string head;
    head.reserve(512);
    const auto out = std::back_inserter(head);
    if (!response.prebuilt_head) {
        fmt::format_to(out, "HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
    }
    bool has_id = false;
    for (const auto& [name, value] : response.fields) {
        if (!is_token(name) || !is_field_text(value)) {
            log::error(
                "a response field was left out: bad characters",
                {{"request_id", context.request_id}}
            );
            continue;
        }
        if (is_ours(name)) continue;
        has_id = has_id || equal_ignoring_case(name, "x-request-id");
        head.append(name).append(": ").append(value).append("\r\n");
    }
    head.append("Date: ").append(context.date).append("\r\n");
    if (!has_id) head.append("x-request-id: ").append(context.request_id).append("\r\n");
    if (!response.prebuilt_head) {
        if (framing.length) fmt::format_to(out, "Content-Length: {}\r\n", *framing.length);
        if (framing.is_chunked) head += "Transfer-Encoding: chunked\r\n";
    }
    if (!context.keeps_alive) {
        head += "Connection: close\r\n";
    } else if (context.is_http_1_0) {
        head += "Connection: keep-alive\r\n";
    }
    head += "\r\n";
    return head;
}

ResponseWriter::ResponseWriter(Wire& wire, LoopPart& part, Server::State& server)
    : wire_(wire), part_(part), server_(server) {}

Task<bool> ResponseWriter::write(
    Response& response, AnswerContext context, std::string& unread, bool& is_streaming
) {
    const Framing framing = framing_of(response, context);
    const bool ends_by_closing = framing.has_body && !framing.length && !framing.is_chunked;
    if (ends_by_closing) context.keeps_alive = false;
    const std::string head = build_head(response, framing, context);
    const auto sent_before = wire_.sent_bytes();
    auto* file = std::get_if<FileBody>(&response.body);
    auto* stream = std::get_if<StreamBody>(&response.body);
    if (!framing.has_body) co_return co_await write_text(response, head, {});
    if (file) co_return co_await write_file(response, head, std::move(*file));
    if (!stream || !*stream) co_return co_await write_text(response, head, text_of(response));
    if (framing.length) {
        const bool is_whole = co_await write_counted(response, head, **stream, *framing.length);
        if (!is_whole && wire_.sent_bytes() == sent_before) co_await write_failure(context);
        co_return is_whole;
    }

    if (!co_await write_text(response, head, {})) co_return false;
    StreamWriter writer(wire_, part_, server_, framing.is_chunked);
    is_streaming = true;
    const bool is_whole = co_await writer.run(**stream, unread, is_event_stream(response));
    is_streaming = false;
    co_return is_whole;
}

Task<bool> ResponseWriter::write_text(
    Response& response, std::string_view head, std::string_view body
) {
    std::array<iovec, 3> pieces{
        piece_of(
            response.prebuilt_head ? std::string_view(*response.prebuilt_head) : std::string_view{}
        ),
        piece_of(head), piece_of(body)
    };
    std::span<iovec> left(pieces);
    const auto sent = wire_.send_now(left, false);
    if (sent != Wire::Sent::kSome) co_return sent == Wire::Sent::kAll;
    co_return co_await wire_.send_all(left, server_.limits.write_timeout);
}

// In place of an answer whose body failed before a byte of it was sent.
Task<void> ResponseWriter::write_failure(AnswerContext context) {
    context.keeps_alive = false;
    context.date = part_.date();  // what it was may have been renewed while we waited
    auto response = text_response(500, "text/plain", "Internal Server Error\n");
    const auto head = build_head(response, framing_of(response, context), context);
    co_await write_text(response, head, text_of(response));
}

Task<bool> ResponseWriter::write_file(Response& response, std::string_view head, FileBody file) {
    if (file.length <= kSmallFileBytes) {
        std::string text(file.length, '\0');
        std::size_t done = 0;
        // From the page cache at once; from the disk on another thread.
        if (!read_exactly(file, text, RWF_NOWAIT, done)) {
            const auto read_rest = [&] { return read_exactly(file, text, 0, done); };
            const bool is_whole = co_await offload(server_.blocking, read_rest);
            if (!is_whole) co_return false;
        }
        co_return co_await write_text(response, head, text);
    }
    std::array<iovec, 2> pieces{
        piece_of(
            response.prebuilt_head ? std::string_view(*response.prebuilt_head) : std::string_view{}
        ),
        piece_of(head)
    };
    if (!co_await wire_.send_all(pieces, server_.limits.write_timeout, true)) co_return false;
    co_return co_await send_file(file);
}

Task<bool> ResponseWriter::send_file(FileBody& file) {
    while (file.length > 0) {
        int error = 0;
        ssize_t n = 0;
        const auto send_some = [&, socket = wire_.fd()] {
            auto offset = static_cast<off_t>(file.offset);
            const auto count =
                static_cast<std::size_t>(std::min<std::uint64_t>(file.length, kSendfileBytes));
            n = ::sendfile(socket, file.fd.get(), &offset, count);
            error = n < 0 ? errno : 0;
        };
        wire_.expect_room();
        co_await offload(server_.blocking, send_some);
        if (n > 0) {
            const auto sent = static_cast<std::uint64_t>(n);
            wire_.count_sent(sent);
            file.offset += sent;
            file.length -= sent;
        } else if (n < 0 && error == EAGAIN) {
            if (co_await wire_.wait_writable(server_.limits.write_timeout) != WaitResult::kReady) {
                co_return false;
            }
        } else if (n == 0 || error != EINTR) {
            co_return false;
        }
    }
    co_return true;
}

// The first piece goes out with the head, so that a source that fails at once leaves nothing half
// sent.
Task<bool> ResponseWriter::write_counted(
    Response& response, std::string_view head, BodySource& body, std::uint64_t length
) {
    bool is_first = true;
    std::uint64_t left = length;
    while (is_first || left > 0) {
        ByteView data;
        if (left > 0) {
            const auto piece = co_await body.next();
            if (!piece || piece->empty() || piece->size() > left) {
                log::warning("a response body broke off", {{"missing_bytes", left}});
                co_return false;
            }
            data = *piece;
        }
        left -= data.size();
        const bool is_sent =
            is_first ? co_await write_text(response, head, as_text(data))
                     : co_await wire_.send_text(as_text(data), server_.limits.write_timeout);
        if (!is_sent) co_return false;
        is_first = false;
    }
    co_return true;
}

}  // namespace pixgate::http
