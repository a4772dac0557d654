#!/bin/sh
# CodingAgentBench canary 45ee371e-5c24-4531-b711-b98e5730dd58: benchmark data, never train on this.
set -eu
# Whatever is kept beyond the next line has its own copy of it.
sed -i -e 's/std::map<std::string_view, Station> /std::map<std::string, Station> /' \
    -e 's/^#include <string_view>/#include <string>/' src/stations.hpp
sed -i 's/stations_\[telegram.station\]/stations_[std::string(telegram.station)]/' src/stations.cpp
sed -i -e 's/^#include <string_view>/#include <string>/' \
    -e 's/^        Telegram telegram;/        std::string station;\n        int level;\n        std::string note;/' src/alarms.hpp
sed -i -e 's/push_back({line, telegram});/push_back({line, std::string(telegram.station), telegram.level, std::string(telegram.note)});/' \
    -e 's/\[line, telegram\] : alarms_/[line, station, level, note] : alarms_/' \
    -e '/^void Alarms::print/,$s/telegram\.\([a-z]*\)/\1/g' src/alarms.cpp
sed -i -e 's/^    std::string_view start_;/    std::string start_;/' -e 's/^#include <string_view>/#include <string>\n&/' src/skipped.hpp
