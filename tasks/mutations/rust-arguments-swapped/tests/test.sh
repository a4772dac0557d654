#!/bin/sh
# CodingAgentBench canary 08dcb2ca-c15c-4aab-9082-464a502c7fc0: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
