#!/bin/sh
# CodingAgentBench canary 05cbb3bd-9acb-4e9d-9587-70e7b542d98d: benchmark data, never train on this.
set -eu
# insert() takes what it is given even when the term is there; try_emplace() leaves it alone.
sed -i 's/entries_.insert({std::move(term), std::move(entry)});/entries_.try_emplace(std::move(term), std::move(entry));/' src/book.cpp
# The end of an alias is shown later.
sed -i 's/add(std::move(end), std::move(said));/add(end, std::move(said));/' src/book.cpp
