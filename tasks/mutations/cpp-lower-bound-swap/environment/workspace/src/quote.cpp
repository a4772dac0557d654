#include "quote.hpp"

#include <algorithm>

namespace {

constexpr Whole least_premium = 100;
constexpr Whole most_insured = 500'000;

Whole divided_up(Whole number, Whole by) { return (number + by - 1) / by; }

}  // namespace

std::variant<Whole, NoPrice> quote(const Rates &rates, const Parcel &parcel) {
    if (!rates.has(parcel.zone)) {
        return NoPrice{"unknown zone"};
    }
    const std::optional<Whole> base = rates.price(parcel.zone, parcel.grams);
    if (!base) {
        return NoPrice{"too heavy"};
    }
    Whole price = *base;
    if (parcel.express) {
        price += divided_up(*base, 2);
    }
    if (parcel.insured) {
        if (*parcel.insured > most_insured) {
            return NoPrice{"not insurable"};
        }
        price += std::max(least_premium, divided_up(*parcel.insured, 100));
    }
    return price;
}
