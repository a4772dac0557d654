#!/bin/sh
# CodingAgentBench canary 57244aae-8cfc-43c6-81f2-23b396e03533: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
