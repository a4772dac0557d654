#pragma once

#include <cstddef>
#include <optional>
#include <ostream>
#include <string_view>
#include <vector>

#include "telegram.hpp"

/** Readings that reached a level from below. */
class Alarms {
public:
    explicit Alarms(int level) : level_(level) {}

    /** Looks at a reading; `before` is the station's level until then. */
    void look(std::size_t line, const Telegram &telegram, std::optional<int> before);

    void print(std::ostream &output) const;

private:
    struct Alarm {
        std::size_t line;
        Telegram telegram;
    };

    int level_;
    std::vector<Alarm> alarms_;
};
