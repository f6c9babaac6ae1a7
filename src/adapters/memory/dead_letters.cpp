#include <charconv>

#include "adapters/memory/state.h"

namespace pixgate::memory {

namespace {

class MemoryDeadLetters : public DeadLetters {
public:
    explicit MemoryDeadLetters(StatePtr state) : state_(std::move(state)) {}

    Task<Result<DeadLetterPage>> list(std::string cursor, std::size_t limit) override {
        const std::lock_guard lock(state_->mutex);
        const auto& all = state_->dead_letters;
        auto end = all.end();
        if (!cursor.empty()) {
            CO_TRY(const std::int64_t before, number(cursor, Errc::kInvalidArgument));
            end = all.lower_bound(before);
        }
        DeadLetterPage page;
        for (auto it = std::make_reverse_iterator(end); it != all.rend(); ++it) {
            if (page.letters.size() >= limit) {
                if (!page.letters.empty()) page.next_cursor = page.letters.back().id;
                break;
            }
            page.letters.push_back(it->second);
        }
        co_return page;
    }

    Task<Result<DeadLetter>> find(std::string id) override {
        const std::lock_guard lock(state_->mutex);
        CO_TRY(const auto row, row_of(id));
        co_return row->second;
    }

    Task<Result<void>> redrive(std::string id) override {
        const std::lock_guard lock(state_->mutex);
        CO_TRY(const auto row, row_of(id));
        DeadLetter& letter = row->second;
        if (letter.source == DeadLetterSource::kEvent) {
            state_->add_event(std::move(letter.body));
        } else {
            state_->add_message(letter.queue, std::move(letter.body));
        }
        state_->dead_letters.erase(row);
        co_return Result<void>();
    }

    Task<Result<void>> drop(std::string id) override {
        const std::lock_guard lock(state_->mutex);
        CO_TRY(const auto row, row_of(id));
        state_->dead_letters.erase(row);
        co_return Result<void>();
    }

    Task<Result<std::uint64_t>> count() override {
        const std::lock_guard lock(state_->mutex);
        co_return state_->dead_letters.size();
    }

private:
    static Result<std::int64_t> number(const std::string& text, Errc code) {
        std::int64_t out = 0;
        const char* end = text.data() + text.size();
        const auto [rest, ec] = std::from_chars(text.data(), end, out);
        if (ec != std::errc() || rest != end) return fail(code, "no such dead letter");
        return out;
    }

    Result<std::map<std::int64_t, DeadLetter>::iterator> row_of(const std::string& id) {
        TRY(const std::int64_t key, number(id, Errc::kNotFound));
        const auto it = state_->dead_letters.find(key);
        if (it == state_->dead_letters.end()) return fail(Errc::kNotFound, "no such dead letter");
        return it;
    }

    StatePtr state_;
};

}  // namespace

std::unique_ptr<DeadLetters> make_dead_letters(StatePtr state) {
    return std::make_unique<MemoryDeadLetters>(std::move(state));
}

}  // namespace pixgate::memory
