#!/bin/sh
# CodingAgentBench canary 2527bbee-dfc5-4643-8ef3-b7a1874209fa: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
