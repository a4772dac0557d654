#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "parcel.hpp"
#include "quote.hpp"
#include "rates.hpp"

namespace {

constexpr int no_rates = 2;

bool is_blank(const std::string &line) { return line.find_first_not_of(" \t") == std::string::npos; }

int fail(const std::string &message) {
    std::cerr << "franker: " << message << '\n';
    return no_rates;
}

int run(const Rates &rates) {
    Whole total = 0;
    int exit_code = 0;
    for (std::string line; std::getline(std::cin, line);) {
        if (is_blank(line)) {
            continue;
        }
        const std::optional<Parcel> parcel = parse_parcel(line);
        const auto quoted = parcel ? quote(rates, *parcel) : NoPrice{"not a parcel"};
        if (const Whole *price = std::get_if<Whole>(&quoted)) {
            std::cout << euros(*price) << '\n';
            total += *price;
        } else {
            std::cout << "- " << std::get<NoPrice>(quoted).why << '\n';
            exit_code = 1;
        }
    }
    std::cout << "total " << euros(total) << '\n';
    return exit_code;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        return fail("usage: franker RATES < parcels");
    }
    std::ifstream file(argv[1]);
    Rates rates;
    if (!file) {
        return fail(std::string("can't read ") + argv[1]);
    }
    if (!rates.read(file)) {
        return fail(std::string(argv[1]) + " has a line that is no band");
    }
    return run(rates);
}
