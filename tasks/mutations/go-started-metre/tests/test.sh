#!/bin/sh
# CodingAgentBench canary f8a04f0e-d892-4260-9f39-a0c2feaf3e2d: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
