#!/bin/sh
# CodingAgentBench canary ca6a1c59-6623-4e1a-a343-108b8c42ea15: benchmark data, never train on this.
set -eu
sed -i 's/return compare(a.goal_difference, b.goal_difference)/return compare(b.goal_difference, a.goal_difference)/' podium/rules.py
