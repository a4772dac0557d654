#!/bin/sh
# CodingAgentBench canary ca6a1c59-6623-4e1a-a343-108b8c42ea15: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
