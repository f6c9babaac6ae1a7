#include "adapters/memory/state.h"
#include "base/ids.h"

namespace pixgate::memory {

namespace {

using Steady = std::chrono::steady_clock;

class MemoryQueue : public Queue {
public:
    MemoryQueue(StatePtr state, std::string_view name) : state_(std::move(state)), name_(name) {}

    Task<Result<std::string>> send(std::string body) override {
        if (body.size() > kMaxBodyBytes) co_return fail(Errc::kTooLarge, "message over 1 MiB");
        const std::lock_guard lock(state_->mutex);
        state_->add_message(name_, std::move(body));
        co_return std::to_string(state_->last_message);
    }

    Task<Result<std::vector<ReceivedMessage>>> receive(
        std::size_t max, std::chrono::milliseconds wait, std::chrono::milliseconds visibility
    ) override {
        const auto deadline = Steady::now() + wait;
        for (;;) {
            const auto seen = state_->messages_changed.version();
            std::optional<Steady::time_point> next_visible;
            auto found = take(std::min<std::size_t>(max, 10), visibility, next_visible);
            if (!found.empty() || Steady::now() >= deadline) co_return found;
            std::chrono::nanoseconds limit = until(deadline);
            if (next_visible) {
                limit = std::min<std::chrono::nanoseconds>(
                    limit, *next_visible - state_->clock.steady()
                );
            }
            co_await state_->messages_changed.wait(seen, limit);
        }
    }

    Task<Result<void>> ack(std::string receipt) override {
        const std::lock_guard lock(state_->mutex);
        const auto row = find(receipt);
        if (!row) {
            if (row.error().reason == "gone") co_return Result<void>();
            co_return std::unexpected(row.error());
        }
        state_->messages.erase(*row);
        co_return Result<void>();
    }

    Task<Result<void>> extend(std::string receipt, std::chrono::milliseconds visibility) override {
        const std::lock_guard lock(state_->mutex);
        CO_TRY(const auto row, find(receipt));
        row->second.visible_at = state_->clock.steady() + visibility;
        state_->messages_changed.notify();
        co_return Result<void>();
    }

    Task<Result<void>> bury(std::string receipt, std::string reason, std::string error) override {
        const std::lock_guard lock(state_->mutex);
        CO_TRY(const auto row, find(receipt));
        bury(row, std::move(reason), std::move(error));
        co_return Result<void>();
    }

    Task<Result<Backlog>> backlog() override {
        const std::lock_guard lock(state_->mutex);
        Backlog out{.count = 0, .oldest = state_->clock.now()};
        for (const auto& [id, row] : state_->messages) {
            if (row.queue != name_) continue;
            ++out.count;
            out.oldest = std::min(out.oldest, row.sent_at);
        }
        co_return out;
    }

private:
    using Row = std::map<std::int64_t, MessageRow>::iterator;

    // A receipt is "{message id}.{token of the receive}".
    Result<Row> find(const std::string& receipt) {
        const auto dot = receipt.find('.');
        for (auto it = state_->messages.begin(); it != state_->messages.end(); ++it) {
            const bool is_it = std::to_string(it->first) == receipt.substr(0, dot);
            if (!is_it || it->second.queue != name_) continue;
            if (dot == receipt.npos || receipt.substr(dot + 1) != it->second.token) {
                return fail(Errc::kNotFound, "the message was received again since");
            }
            return it;
        }
        return fail(Errc::kNotFound, "no such message", "gone");
    }

    void bury(Row row, std::string reason, std::string error) {
        state_->bury({
            .id = {},
            .source = DeadLetterSource::kMessage,
            .queue = row->second.queue,
            .body = std::move(row->second.body),
            .reason = std::move(reason),
            .last_error = std::move(error),
            .attempts = row->second.receive_count,
            .first_at = row->second.sent_at,
            .died_at = {},
        });
        state_->messages.erase(row);
    }

    std::vector<ReceivedMessage> take(
        std::size_t max,
        std::chrono::milliseconds visibility,
        std::optional<Steady::time_point>& next
    ) {
        const std::lock_guard lock(state_->mutex);
        const auto now = state_->clock.steady();
        std::vector<ReceivedMessage> out;
        for (auto it = state_->messages.begin(); it != state_->messages.end();) {
            const auto current = it++;
            auto& row = current->second;
            if (out.size() >= max) break;
            if (row.queue != name_) continue;
            if (row.visible_at > now) {
                next = std::min(next.value_or(row.visible_at), row.visible_at);
            } else if (row.receive_count >= state_->config.max_receives) {
                bury(current, "too_many_receives", "received and never acknowledged");
            } else {
                row.receive_count += 1;
                row.token = random_token(16);
                row.visible_at = now + visibility;
                const std::string id = std::to_string(current->first);
                out.push_back({id, id + "." + row.token, row.body, row.receive_count, row.sent_at});
            }
        }
        return out;
    }

    StatePtr state_;
    const std::string name_;
};

}  // namespace

std::unique_ptr<Queue> make_queue(StatePtr state, std::string_view name) {
    return std::make_unique<MemoryQueue>(std::move(state), name);
}

}  // namespace pixgate::memory
