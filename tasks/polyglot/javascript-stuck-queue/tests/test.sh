#!/bin/sh
# CodingAgentBench canary 965f9095-7bb6-405f-9e1f-0051c97fe9d2: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
