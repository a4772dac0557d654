#include "alarms.hpp"

void Alarms::look(std::size_t line, const Telegram &telegram, std::optional<int> before) {
    if (telegram.level >= level_ && (!before || *before < level_)) {
        alarms_.push_back({line, telegram});
    }
}

void Alarms::print(std::ostream &output) const {
    output << "alarms " << alarms_.size() << '\n';
    for (const auto &[line, telegram] : alarms_) {
        output << line << ' ' << telegram.station << ' ' << telegram.level;
        if (!telegram.note.empty()) {
            output << ' ' << telegram.note;
        }
        output << '\n';
    }
}
