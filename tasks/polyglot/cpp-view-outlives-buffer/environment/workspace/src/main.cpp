#include <iostream>
#include <optional>
#include <string_view>

#include "alarms.hpp"
#include "reader.hpp"
#include "skipped.hpp"
#include "stations.hpp"
#include "telegram.hpp"

namespace {

constexpr int some_skipped = 1;
constexpr int usage_error = 2;

int run(std::optional<Alarms> alarms) {
    Reader reader(std::cin);
    Stations stations;
    Skipped skipped;
    std::string_view line;
    while (reader.next(line)) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const std::optional<Telegram> telegram = parse_telegram(line);
        if (!telegram) {
            skipped.add(reader.number(), line);
            continue;
        }
        const std::optional<int> before = stations.add(*telegram);
        if (alarms) {
            alarms->look(reader.number(), *telegram, before);
        }
    }
    stations.print(std::cout);
    if (alarms) {
        alarms->print(std::cout);
    }
    if (skipped.any()) {
        skipped.print(std::cerr);
        return some_skipped;
    }
    return 0;
}

}  // namespace

int main(int argc, char **argv) {
    std::ios::sync_with_stdio(false);
    const bool with_alarm = argc == 3 && std::string_view(argv[1]) == "--alarm";
    const std::optional<int> level = with_alarm ? parse_level(argv[2]) : std::nullopt;
    if (argc != 1 && !level) {
        std::cerr << "usage: gauges [--alarm CM] < telegrams\n";
        return usage_error;
    }
    return run(level ? std::optional<Alarms>(*level) : std::nullopt);
}
