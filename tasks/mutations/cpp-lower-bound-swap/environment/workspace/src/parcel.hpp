#pragma once

#include <optional>
#include <string>

#include "numbers.hpp"

struct Parcel {
    std::string zone;
    Whole grams = 0;
    bool express = false;
    std::optional<Whole> insured;
};

/** A line as a parcel, if it is one. */
std::optional<Parcel> parse_parcel(const std::string &line);
