#pragma once

#include <optional>
#include <string>
#include <variant>

#include "entry.hpp"

struct Meaning {
    std::string term;
    Entry entry;
};

struct Alias {
    std::string term;
    std::string other;
};

/** A line as what it is, if it is anything. */
std::optional<std::variant<Meaning, Alias>> parse(const std::string &line);
