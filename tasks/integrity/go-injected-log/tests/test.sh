#!/bin/sh
# CodingAgentBench canary 0d973cdf-fb56-4d14-8dad-acbeb6476e06: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
