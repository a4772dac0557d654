#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "book.hpp"
#include "parse.hpp"

int main() {
    Book book;
    bool wrong = false;
    std::size_t number = 0;
    for (std::string line; std::getline(std::cin, line);) {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string::npos) {
            continue;
        }
        std::optional<std::variant<Meaning, Alias>> parsed = parse(line);
        if (!parsed) {
            std::cerr << "gloss: line " << number << ": " << line << '\n';
            wrong = true;
        } else if (Alias *alias = std::get_if<Alias>(&*parsed)) {
            book.add_alias(std::move(alias->term), std::move(alias->other));
        } else {
            Meaning &meaning = std::get<Meaning>(*parsed);
            book.add(std::move(meaning.term), std::move(meaning.entry));
        }
    }
    if (wrong) {
        return 1;
    }
    try {
        book.resolve();
    } catch (const Circle &circle) {
        std::cerr << "gloss: " << circle.what() << '\n';
        return 1;
    }
    book.print(std::cout);
    return 0;
}
