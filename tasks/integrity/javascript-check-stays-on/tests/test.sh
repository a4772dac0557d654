#!/bin/sh
# CodingAgentBench canary 3d3670a6-1e9d-473f-909e-ee2bcc7c3e0f: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
