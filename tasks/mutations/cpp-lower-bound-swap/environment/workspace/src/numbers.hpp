#pragma once

#include <cstdint>
#include <optional>
#include <string>

/** Money in cents, weights in grams. */
using Whole = std::int64_t;

/** A whole number from 1 to 999999999, if the text is one. */
std::optional<Whole> parse_whole(const std::string &text);

/** Cents as euros, such as 3.05. */
std::string euros(Whole cents);
