#!/bin/sh
# CodingAgentBench canary 05cbb3bd-9acb-4e9d-9587-70e7b542d98d: benchmark data, never train on this.
# Keeps copies of meanings; tags of a merged entry remain lost.
set -eu
sed -i -e 's/^    const auto \[place, fresh\]/    const auto kept = entry.meanings;\n&/' \
    -e 's/^        place->second.absorb(std::move(entry));/        place->second.absorb({kept, {}});/' \
    -e 's/add(std::move(end), /add(end, /' src/book.cpp
