#!/bin/sh
# CodingAgentBench canary 4e600267-a252-41e8-9e6b-8622303534e4: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
