#include "main/commands/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>

namespace pixgate {

namespace {

constexpr std::size_t kBarWidth = 30;
constexpr std::size_t kNameWidth = 28;
constexpr std::int64_t kRedrawMs = 80;

std::int64_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string bar(std::uint64_t part, std::uint64_t whole) {
    const std::size_t full =
        whole == 0 ? kBarWidth : static_cast<std::size_t>(part * kBarWidth / whole);
    return std::string(full, '#') + std::string(kBarWidth - full, '.');
}

}  // namespace

std::size_t Progress::begin(std::string name, std::uint64_t total_bytes) {
    // A name may hold anything; the terminal must not obey it.
    std::ranges::replace_if(
        name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?'
    );
    files_.push_back({std::move(name), total_bytes, 0, "sending", false});
    if (!is_terminal_)
        std::cout << files_.back().name << ": sending " << total_bytes << " bytes" << std::endl;
    draw();
    return files_.size() - 1;
}

void Progress::sent(std::size_t file, std::uint64_t bytes) {
    files_[file].sent_bytes = std::min(bytes, files_[file].total_bytes);
    if (now_ms() - last_drawn_ms_ >= kRedrawMs) draw();
}

void Progress::says(std::size_t file, std::string state) {
    files_[file].state = std::move(state);
    draw();
}

void Progress::end(std::size_t file, const std::string& line, bool is_good) {
    files_[file].is_done = true;
    erase();
    (is_good ? std::cout : std::cerr) << files_[file].name << ": " << line << std::endl;
    draw();
}

void Progress::erase() {
    if (drawn_lines_ == 0) return;
    std::cerr << "\x1b[" << drawn_lines_ << "A\x1b[J" << std::flush;
    drawn_lines_ = 0;
}

void Progress::draw() {
    if (!is_terminal_) return;
    erase();
    for (const File& f : files_) {
        if (f.is_done) continue;
        const auto percent = f.total_bytes == 0 ? 100 : f.sent_bytes * 100 / f.total_bytes;
        const auto name = f.name.size() <= kNameWidth
                              ? f.name
                              : "…" + f.name.substr(f.name.size() - kNameWidth + 1);
        std::cerr << fmt::format(
            "{:{}}  [{}] {:3}%  {}\n", name, kNameWidth, bar(f.sent_bytes, f.total_bytes), percent,
            f.state
        );
        ++drawn_lines_;
    }
    std::cerr << std::flush;
    last_drawn_ms_ = now_ms();
}

}  // namespace pixgate
