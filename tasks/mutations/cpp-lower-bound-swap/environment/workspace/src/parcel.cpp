#include "parcel.hpp"

#include <sstream>

std::optional<Parcel> parse_parcel(const std::string &line) {
    std::istringstream words(line);
    Parcel parcel;
    std::string word;
    words >> parcel.zone >> word;
    const std::optional<Whole> grams = parse_whole(word);
    if (!grams) {
        return std::nullopt;
    }
    parcel.grams = *grams;
    while (words >> word) {
        if (word == "express" && !parcel.express) {
            parcel.express = true;
        } else if (word == "insured" && !parcel.insured && words >> word) {
            parcel.insured = parse_whole(word);
            if (!parcel.insured) {
                return std::nullopt;
            }
        } else {
            return std::nullopt;
        }
    }
    return parcel;
}
