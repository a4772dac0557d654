#!/bin/sh
# CodingAgentBench canary b56d6a04-93ae-42a2-b2a3-35d25c957290: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
