#!/bin/sh
# CodingAgentBench canary 04a60aa9-74c0-46d2-873f-53d63a9e7fed: benchmark data, never train on this.
set -eu
sed -i 's/std::ranges::upper_bound(bands/std::ranges::lower_bound(bands/' src/rates.cpp
