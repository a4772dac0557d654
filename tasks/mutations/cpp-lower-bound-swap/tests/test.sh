#!/bin/sh
# CodingAgentBench canary 04a60aa9-74c0-46d2-873f-53d63a9e7fed: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
