#pragma once

#include <optional>
#include <string_view>

struct Telegram {
    std::string_view station;
    int level;
    std::string_view note;
};

/** A line as a telegram, if it is one. */
std::optional<Telegram> parse_telegram(std::string_view line);

/** A level in centimetres, if the text is one. */
std::optional<int> parse_level(std::string_view text);
