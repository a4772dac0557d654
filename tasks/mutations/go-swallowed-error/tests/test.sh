#!/bin/sh
# CodingAgentBench canary 1628bd02-1e8d-40de-88d7-d82aa6209f4e: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
