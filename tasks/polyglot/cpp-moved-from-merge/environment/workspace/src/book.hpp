#pragma once

#include <map>
#include <ostream>
#include <stdexcept>
#include <string>

#include "entry.hpp"

/** An alias that leads to no end. The message is for the user. */
class Circle : public std::runtime_error {
public:
    explicit Circle(const std::string &term) : std::runtime_error(term + " leads round in a circle") {}
};

/** The glossary: what is said of each term, and which terms stand for others. */
class Book {
public:
    void add(std::string term, Entry entry);

    void add_alias(std::string term, std::string other);

    /** Leads each alias to its end, with all that is said of it. Comes after adding. */
    void resolve();

    void print(std::ostream &output) const;

private:
    std::string end_of(const std::string &term) const;

    std::map<std::string, Entry> entries_;
    std::map<std::string, std::string> aliases_;
};
