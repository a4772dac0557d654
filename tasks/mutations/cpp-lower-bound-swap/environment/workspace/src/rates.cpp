#include "rates.hpp"

#include <algorithm>
#include <sstream>

bool Rates::read(std::istream &input) {
    for (std::string line; std::getline(input, line);) {
        std::istringstream words(line);
        std::string zone, up_to, cents, more;
        if (line.starts_with('#') || !(words >> zone)) {
            continue;
        }
        words >> up_to >> cents;
        const std::optional<Whole> grams = parse_whole(up_to);
        const std::optional<Whole> price = parse_whole(cents);
        if (!grams || !price || words >> more) {
            return false;
        }
        set(zone, {*grams, *price});
    }
    return true;
}

void Rates::set(const std::string &zone, Band band) {
    std::vector<Band> &bands = zones_[zone];
    const auto place = std::ranges::find_if(bands, [&](const Band &each) { return each.up_to >= band.up_to; });
    if (place != bands.end() && place->up_to == band.up_to) {
        *place = band;
    } else {
        bands.insert(place, band);
    }
}

std::optional<Whole> Rates::price(const std::string &zone, Whole grams) const {
    const std::vector<Band> &bands = zones_.at(zone);
    const auto band = std::ranges::upper_bound(bands, grams, {}, &Band::up_to);
    return band == bands.end() ? std::nullopt : std::optional(band->cents);
}
