#!/bin/sh
# CodingAgentBench canary 05cbb3bd-9acb-4e9d-9587-70e7b542d98d: benchmark data, never train on this.
# Looks the end of an alias up again when it is printed, and leaves the merging as it is.
set -eu
sed -i -e 's/^    aliases_ = std::move(resolved);/    for (auto \&[alias, end] : resolved) {\n        end = end_of(alias);\n    }\n&/' src/book.cpp
