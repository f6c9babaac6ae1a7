// One client connection: reads requests one after the other, hands each to the handler, writes the
// answers. For http/*.cpp only.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "http/head_parser.h"
#include "http/message.h"
#include "http/request_body.h"
#include "http/server_state.h"
#include "http/wire.h"

namespace pixgate::http {

class Connection final : private FirstLook {
public:
    // On the loop of `part` only. Serves `socket` until it closes; frees itself.
    static void start(
        std::shared_ptr<Server::State> server, LoopPart& part, UniqueFd socket, bool is_over_limit
    );

    Connection(std::shared_ptr<Server::State> server, LoopPart& part, UniqueFd socket);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void check_deadline(std::chrono::steady_clock::time_point now) { wire_.check_deadline(now); }
    // The server stops: an idle connection ends now, a busy one after its answer.
    void stop_softly();
    // Ends now, whatever is under way.
    void abort();

private:
    enum class Next : std::uint8_t { kRequest, kClose, kLinger };
    // Who sends one request after the other without a pause keeps the loop no longer than this.
    static constexpr std::uint32_t kMaxTurnAnswers = 64;

    static Task<void> run(std::shared_ptr<Connection> self, bool is_over_limit);
    Task<bool> has_input();
    Task<void> let_others();
    bool take_input(std::chrono::steady_clock::time_point now) override;
    bool take_some(std::chrono::steady_clock::time_point now);
    enum class Hot : std::uint8_t { kAnswered, kNotHot, kUnsent };
    void answer_hot_ones(std::chrono::steady_clock::time_point now);
    Hot answer_all(std::string_view& input, std::chrono::steady_clock::time_point now);
    Hot answer_hot(std::string_view& input, std::chrono::steady_clock::time_point arrived);
    Hot send_hot(const HotAnswers::Entry& entry, bool is_unchanged);
    Task<bool> send_rest();
    Task<Next> serve_one();
    Task<std::expected<bool, HeadRefusal>> read_head(Head& head);
    Task<Next> serve(Request& request, const Head& head);
    Task<Response> call_handler(Request& request);
    Task<Next> refuse(HeadRefusal refusal);
    Task<void> linger();
    struct Access {
        std::string_view id;
        std::string_view method;
        std::string_view path;
        std::string_view route;
        unsigned status = 0;
        std::chrono::nanoseconds took{0};
    };
    void log_access(const Access& access) const;
    void count_transferred();

    std::shared_ptr<Server::State> server_;
    LoopPart& part_;
    Wire wire_;
    boost::asio::cancellation_signal cancel_;
    std::string peer_;
    std::string in_;     // the request head under way and what came with it; empty while idle
    std::size_t index_;  // in part_.connections
    // What did not go out at once of an answer that was given without the coroutine.
    struct Unsent {
        SharedBody head;
        std::string tail;
        SharedBody body;
        std::size_t skip = 0;  // sent already, of all three
    };
    std::unique_ptr<Unsent> unsent_;
    std::uint32_t turn_answers_ = 0;  // since others on this loop had their turn
    std::uint64_t counted_received_ = 0;
    std::uint64_t counted_sent_ = 0;
    bool is_idle_ = false;
    bool is_gone_ = false;         // the client has closed
    bool is_for_handler_ = false;  // the request at the begin of in_, or what there is of it yet
    bool is_streaming_ = false;
    bool is_aborted_ = false;
};

}  // namespace pixgate::http
