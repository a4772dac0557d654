#!/bin/sh
# CodingAgentBench canary e125fcca-ba24-4230-bf79-806e7d0fd0d5: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
