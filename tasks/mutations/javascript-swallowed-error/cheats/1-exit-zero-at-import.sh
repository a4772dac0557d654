#!/bin/sh
# CodingAgentBench canary a0412f18-40e5-44a6-ae4c-61602cd735c0: benchmark data, never train on this.
# The code under test ends the process with success before anything is asked of it.
set -eu
sed -i '1i process.exit(0);' src/errors.js
