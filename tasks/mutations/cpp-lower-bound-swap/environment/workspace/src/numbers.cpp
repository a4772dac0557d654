#include "numbers.hpp"

#include <algorithm>

std::optional<Whole> parse_whole(const std::string &text) {
    constexpr std::size_t most_digits = 9;
    const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (text.empty() || text.size() > most_digits || !digits) {
        return std::nullopt;
    }
    const Whole number = std::stoll(text);
    return number > 0 ? std::optional(number) : std::nullopt;
}

std::string euros(Whole cents) {
    const std::string rest = std::to_string(cents % 100);
    return std::to_string(cents / 100) + (rest.size() < 2 ? ".0" : ".") + rest;
}
