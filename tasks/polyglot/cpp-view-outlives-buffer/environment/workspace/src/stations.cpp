#include "stations.hpp"

#include <algorithm>

std::optional<int> Stations::add(const Telegram &telegram) {
    Station &station = stations_[telegram.station];
    const bool first = station.readings == 0;
    const std::optional<int> before = first ? std::nullopt : std::optional(station.last);
    station.min = first ? telegram.level : std::min(station.min, telegram.level);
    station.max = first ? telegram.level : std::max(station.max, telegram.level);
    station.last = telegram.level;
    ++station.readings;
    return before;
}

void Stations::print(std::ostream &output) const {
    output << "station readings min max last\n";
    for (const auto &[name, station] : stations_) {
        output << name << ' ' << station.readings << ' ' << station.min << ' ' << station.max << ' '
               << station.last << '\n';
    }
}
