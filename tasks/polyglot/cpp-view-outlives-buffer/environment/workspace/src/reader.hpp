#pragma once

#include <array>
#include <cstddef>
#include <istream>
#include <string_view>

/** Lines of a stream, of which it holds one piece at a time. */
class Reader {
public:
    static constexpr std::size_t piece = 4096;

    explicit Reader(std::istream &input) : input_(input) {}
    Reader(const Reader &) = delete;
    Reader &operator=(const Reader &) = delete;

    /**
     * Goes to the next line; false at the end of the input. Of a line that is longer than a piece, what
     * does not fit is left out.
     */
    bool next(std::string_view &line);

    /** The number of the line, from 1. */
    std::size_t number() const { return number_; }

private:
    std::size_t find_newline() const;
    void fill();
    void drop_rest_of_line();

    std::istream &input_;
    std::array<char, piece> buffer_{};
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t number_ = 0;
};
