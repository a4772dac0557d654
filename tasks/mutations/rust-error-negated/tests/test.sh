#!/bin/sh
# CodingAgentBench canary 92eae68e-edb7-40cb-adf8-fcb14c8fc575: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
