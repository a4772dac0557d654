#!/bin/sh
# CodingAgentBench canary 794e4da8-fa41-45a5-9baa-0bae47538d82: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
