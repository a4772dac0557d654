#!/bin/sh
# CodingAgentBench canary 0178e159-1afb-4400-996b-f7f1f1766d80: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
