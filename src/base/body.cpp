#include "base/body.h"

namespace pixgate {

namespace {

class TextBody : public BodySource {
public:
    explicit TextBody(std::string text) : text_(std::move(text)) {}

    Task<Result<ByteView>> next() override {
        constexpr std::size_t kPiece = 256 * 1024;
        const auto rest = as_bytes(text_).subspan(position_);
        const auto piece = rest.first(std::min(rest.size(), kPiece));
        position_ += piece.size();
        co_return piece;
    }

    std::optional<std::uint64_t> length() const override { return text_.size(); }

private:
    std::string text_;
    std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<BodySource> make_text_body(std::string text) {
    return std::make_unique<TextBody>(std::move(text));
}

Task<Result<std::string>> read_all(BodySource& body, std::size_t limit) {
    if (body.length().value_or(0) > limit) co_return fail(Errc::kTooLarge, "body over the limit");
    std::string out;
    for (;;) {
        CO_TRY(const ByteView piece, co_await body.next());
        if (piece.empty()) co_return out;
        if (out.size() + piece.size() > limit) {
            co_return fail(Errc::kTooLarge, "body over the limit");
        }
        out += as_text(piece);
    }
}

}  // namespace pixgate
