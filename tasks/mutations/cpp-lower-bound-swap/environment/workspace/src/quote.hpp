#pragma once

#include <string>
#include <variant>

#include "parcel.hpp"
#include "rates.hpp"

/** Why a parcel has no price. */
struct NoPrice {
    std::string why;
};

/** What a parcel costs with all its services. */
std::variant<Whole, NoPrice> quote(const Rates &rates, const Parcel &parcel);
