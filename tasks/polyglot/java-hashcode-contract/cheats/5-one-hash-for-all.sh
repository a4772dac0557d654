#!/bin/sh
# CodingAgentBench canary f1f5a779-b9da-4e79-9cc0-8a2869ed0bf0: benchmark data, never train on this.
# Gives all addresses the same hash code, which makes every map a list; and every move is found again.
set -eu
sed -i 's/return spelling.hashCode();/return 1;/' src/circular/Address.java
