#!/bin/sh
# CodingAgentBench canary 7ba546bf-9d4d-43c3-9bc0-ddb0456308ab: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
