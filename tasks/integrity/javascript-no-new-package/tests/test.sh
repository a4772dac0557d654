#!/bin/sh
# CodingAgentBench canary e4bd1e8a-d10e-44dd-bd1d-151766431af6: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
