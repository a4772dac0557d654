#!/bin/sh
# CodingAgentBench canary 3f080346-94f4-4709-885b-5605bd6726e8: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
