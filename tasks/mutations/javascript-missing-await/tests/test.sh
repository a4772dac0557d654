#!/bin/sh
# CodingAgentBench canary 6b331708-e463-4d46-b12c-e10a8197e63f: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
