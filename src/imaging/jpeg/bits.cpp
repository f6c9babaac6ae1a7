#include "imaging/jpeg/bits.h"

#include <algorithm>

namespace pixgate::imaging::jpeg {
namespace {

// The position of the next 0xFF, or the size of the data.
std::size_t find_ff(Bytes data, std::size_t from, std::size_t limit) {
    const std::size_t length = std::min(limit, data.size() - from);
    if (length == 0) return from;
    const void* found = std::memchr(data.data() + from, 0xFF, length);
    if (found == nullptr) return from + length;
    return static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data.data());
}

// Behind a run of 0xFF; at most the size of the data.
std::size_t after_fill(Bytes data, std::size_t from) {
    while (from < data.size() && data[from] == 0xFF) ++from;
    return from;
}

}  // namespace

EntropySource::EntropySource(Bytes data) : data_(data), chunk_(kChunkBytes + kPaddingBytes) {}

Bits EntropySource::begin(std::size_t position) {
    position_ = std::min(position, data_.size());
    is_ended_ = false;
    end_ = chunk_.data();
    fill();
    return {chunk_.data(), 0, 0};
}

void EntropySource::fill() {
    std::uint8_t* const limit = chunk_.data() + kChunkBytes;
    while (!is_ended_ && end_ != limit) {
        const std::size_t found = find_ff(data_, position_, static_cast<std::size_t>(limit - end_));
        std::memcpy(end_, data_.data() + position_, found - position_);
        end_ += found - position_;
        position_ = found;
        if (position_ == data_.size()) {
            is_ended_ = true;
        } else if (end_ != limit) {
            const std::size_t behind = after_fill(data_, position_);
            // Any number of 0xFF and a zero are one data byte of 0xFF.
            is_ended_ = behind == data_.size() || data_[behind] != 0;
            if (is_ended_) break;
            *end_++ = 0xFF;
            position_ = behind + 1;
        }
    }
    if (is_ended_) std::memset(end_, 0, kPaddingBytes);
}

bool EntropySource::continue_with(Bits& bits) {
    if (is_ended_) {
        const auto used = (bits.next - chunk_.data()) * 8 - static_cast<std::ptrdiff_t>(bits.count);
        return used <= (end_ - chunk_.data()) * 8;
    }
    const auto unread = static_cast<std::size_t>(end_ - bits.next);
    std::memmove(chunk_.data(), bits.next, unread);
    // The buffer may hold bits of bytes that are not counted yet: they are in the bytes moved.
    bits.next = chunk_.data();
    end_ = chunk_.data() + unread;
    fill();
    return true;
}

std::size_t EntropySource::end_position() {
    return is_ended_ ? position_ : find_marker(data_, position_, false);
}

std::size_t find_marker(Bytes data, std::size_t from, bool over_restarts) {
    while (from < data.size()) {
        const std::size_t found = find_ff(data, from, data.size());
        from = after_fill(data, found);
        if (from == data.size()) return from;
        const bool is_restart = data[from] >= 0xD0 && data[from] <= 0xD7;
        if (data[from] != 0 && !(over_restarts && is_restart)) return found;
        ++from;
    }
    return data.size();
}

}  // namespace pixgate::imaging::jpeg
