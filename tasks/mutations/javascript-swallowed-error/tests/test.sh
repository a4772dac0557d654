#!/bin/sh
# CodingAgentBench canary a0412f18-40e5-44a6-ae4c-61602cd735c0: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
