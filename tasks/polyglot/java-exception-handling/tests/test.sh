#!/bin/sh
# CodingAgentBench canary ee908454-ff3c-4731-8dd7-76a63777fddd: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
