#pragma once

#include <istream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "numbers.hpp"

/** Up to `up_to` grams for `cents`. */
struct Band {
    Whole up_to;
    Whole cents;
};

/** The bands of each zone, from light to heavy. */
class Rates {
public:
    /** Reads bands; false when a line is neither band nor comment. */
    bool read(std::istream &input);

    bool has(const std::string &zone) const { return zones_.contains(zone); }

    /** The price of a weight, if a band takes it. The zone is one that is there. */
    std::optional<Whole> price(const std::string &zone, Whole grams) const;

private:
    void set(const std::string &zone, Band band);

    std::map<std::string, std::vector<Band>> zones_;
};
