#!/bin/sh
# CodingAgentBench canary 8b87b8be-5a85-4e18-83f5-ac9427f28aa9: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
