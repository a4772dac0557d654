#!/bin/sh
# CodingAgentBench canary 83d595ac-07da-4fa7-bfdc-fb9383b464d3: benchmark data, never train on this.
# -I: neither the workspace nor PYTHON* variables reach the harness. -B: /tests stays as it is.
cd / && exec "${CAB_PYTHON:-python3}" -I -B "${CAB_TESTS_DIR:-/tests}/check.py"
