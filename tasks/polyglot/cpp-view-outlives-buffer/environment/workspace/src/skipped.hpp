#pragma once

#include <cstddef>
#include <ostream>
#include <string_view>

/** Lines that are no telegrams: how many, and the first of them. */
class Skipped {
public:
    void add(std::size_t number, std::string_view line) {
        if (count_++ == 0) {
            number_ = number;
            start_ = line.substr(0, shown);
        }
    }

    bool any() const { return count_ > 0; }

    void print(std::ostream &output) const {
        output << "gauges: skipped " << count_ << " lines, the first is " << number_ << ": " << start_ << '\n';
    }

private:
    static constexpr std::size_t shown = 60;

    std::size_t count_ = 0;
    std::size_t number_ = 0;
    std::string_view start_;
};
