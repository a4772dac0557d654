#include "reader.hpp"

#include <algorithm>

bool Reader::next(std::string_view &line) {
    std::size_t newline = find_newline();
    if (newline == end_) {
        fill();
        newline = find_newline();
    }
    if (begin_ == end_) {
        return false;
    }
    ++number_;
    line = std::string_view(buffer_.data() + begin_, newline - begin_);
    if (newline == end_ && end_ == piece) {
        begin_ = end_;
        drop_rest_of_line();
    } else {
        begin_ = std::min(newline + 1, end_);
    }
    return true;
}

std::size_t Reader::find_newline() const {
    return std::find(buffer_.begin() + begin_, buffer_.begin() + end_, '\n') - buffer_.begin();
}

void Reader::fill() {
    std::copy(buffer_.begin() + begin_, buffer_.begin() + end_, buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    input_.read(buffer_.data() + end_, static_cast<std::streamsize>(piece - end_));
    end_ += static_cast<std::size_t>(input_.gcount());
}

void Reader::drop_rest_of_line() {
    for (int byte = input_.get(); byte != std::istream::traits_type::eof() && byte != '\n';) {
        byte = input_.get();
    }
}
