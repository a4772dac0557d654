#!/bin/sh
# CodingAgentBench canary 08dcb2ca-c15c-4aab-9082-464a502c7fc0: benchmark data, never train on this.
set -eu
sed -i 's/span(later.begin, earlier.end)/span(earlier.end, later.begin)/' src/rules.rs
