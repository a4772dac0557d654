#!/bin/sh
# CodingAgentBench canary 05cbb3bd-9acb-4e9d-9587-70e7b542d98d: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
