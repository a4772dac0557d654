#!/bin/sh
# CodingAgentBench canary 6b331708-e463-4d46-b12c-e10a8197e63f: benchmark data, never train on this.
set -eu
# A promise is always true: wait for what it says.
sed -i 's/!folder.hasSection(found, parts.section)/!(await folder.hasSection(found, parts.section))/' src/check.js
