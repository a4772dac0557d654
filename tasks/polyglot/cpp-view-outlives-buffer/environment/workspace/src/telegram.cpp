#include "telegram.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace {

constexpr std::size_t longest_line = 1000;
constexpr std::size_t longest_station = 30;
constexpr int lowest = -999;
constexpr int highest = 9999;

bool is_station(std::string_view text) {
    return !text.empty() && text.size() <= longest_station && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

/** Cuts off and returns what stands before the first space. */
std::string_view cut_word(std::string_view &text) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    return word;
}

}  // namespace

std::optional<int> parse_level(std::string_view text) {
    int level = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
    if (error != std::errc() || end != text.data() + text.size() || level < lowest || level > highest) {
        return std::nullopt;
    }
    return level;
}

std::optional<Telegram> parse_telegram(std::string_view line) {
    if (line.size() > longest_line) {
        return std::nullopt;
    }
    const std::string_view station = cut_word(line);
    const std::optional<int> level = parse_level(cut_word(line));
    if (!is_station(station) || !level) {
        return std::nullopt;
    }
    return Telegram{station, *level, line};
}
