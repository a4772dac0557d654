#!/bin/sh
# CodingAgentBench canary 45ee371e-5c24-4531-b711-b98e5730dd58: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
