#!/bin/sh
# CodingAgentBench canary f1f5a779-b9da-4e79-9cc0-8a2869ed0bf0: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
