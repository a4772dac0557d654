#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <ostream>
#include <string_view>

#include "telegram.hpp"

struct Station {
    std::size_t readings = 0;
    int min = 0;
    int max = 0;
    int last = 0;
};

/** What each station has reported. */
class Stations {
public:
    /** Takes a reading in; returns the station's level before it, if there was one. */
    std::optional<int> add(const Telegram &telegram);

    void print(std::ostream &output) const;

private:
    std::map<std::string_view, Station> stations_;
};
