#include "parse.hpp"

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t longest_term = 40;

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_term(std::string_view text) {
    return !text.empty() && text.size() <= longest_term &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == ' '; });
}

bool is_tag(std::string_view word) {
    return word.size() > 1 && word.front() == '#' &&
           std::ranges::all_of(word.substr(1), [](char c) { return c >= 'a' && c <= 'z'; });
}

std::vector<std::string> words(const std::string &text) {
    std::istringstream input(text);
    std::vector<std::string> found;
    for (std::string word; input >> word;) {
        found.push_back(word);
    }
    return found;
}

std::string joined(const std::vector<std::string> &parts) {
    std::string text;
    for (const std::string &part : parts) {
        text += text.empty() ? part : " " + part;
    }
    return text;
}

std::optional<std::variant<Meaning, Alias>> parse_alias(const std::string &line, std::size_t arrow) {
    Alias alias{joined(words(line.substr(0, arrow))), joined(words(line.substr(arrow + 4)))};
    if (!is_term(alias.term) || !is_term(alias.other)) {
        return std::nullopt;
    }
    return alias;
}

}  // namespace

std::optional<std::variant<Meaning, Alias>> parse(const std::string &line) {
    if (const std::size_t arrow = line.find(" -> "); arrow != std::string::npos) {
        return parse_alias(line, arrow);
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) {
        return std::nullopt;
    }
    Meaning meaning{joined(words(line.substr(0, colon))), {}};
    std::vector<std::string> text = words(line.substr(colon + 1));
    while (!text.empty() && is_tag(text.back())) {
        meaning.entry.tags.insert(text.back().substr(1));
        text.pop_back();
    }
    if (!is_term(meaning.term) || text.empty()) {
        return std::nullopt;
    }
    meaning.entry.meanings.push_back(joined(text));
    return meaning;
}
