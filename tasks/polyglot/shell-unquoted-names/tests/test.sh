#!/bin/sh
# CodingAgentBench canary 7fca22dc-eeba-4a58-8021-dc9878a41c10: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
