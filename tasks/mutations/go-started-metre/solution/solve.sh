#!/bin/sh
# CodingAgentBench canary f8a04f0e-d892-4260-9f39-a0c2feaf3e2d: benchmark data, never train on this.
set -eu
sed -i 's/(length - upTo + metreCm) \/ metreCm/(length - upTo + metreCm - 1) \/ metreCm/' fare/fare.go
