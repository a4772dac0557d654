#!/bin/sh
# CodingAgentBench canary a0b75241-35c1-4b66-abee-ccdbdcad7f57: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
