// A bar per file on a terminal, a line per step elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pixgate {

class Progress {
public:
    // `is_terminal`: bars that are redrawn in place, on standard error; else lines.
    explicit Progress(bool is_terminal) : is_terminal_(is_terminal) {}

    std::size_t begin(std::string name, std::uint64_t total_bytes);
    void sent(std::size_t file, std::uint64_t bytes);
    void says(std::size_t file, std::string state);  // "checking"
    // The last word on a file; its bar becomes this line.
    void end(std::size_t file, const std::string& line, bool is_good);

private:
    struct File {
        std::string name;
        std::uint64_t total_bytes = 0;
        std::uint64_t sent_bytes = 0;
        std::string state = "sending";
        bool is_done = false;
    };
    void erase();
    void draw();

    bool is_terminal_;
    std::vector<File> files_;
    std::size_t drawn_lines_ = 0;
    std::int64_t last_drawn_ms_ = 0;
};

}  // namespace pixgate
