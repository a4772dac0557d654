#!/bin/sh
# CodingAgentBench canary 6b331708-e463-4d46-b12c-e10a8197e63f: benchmark data, never train on this.
# Compares the promise with true, which it never is: missing sections are reported, and so are all others.
set -eu
sed -i 's/!folder.hasSection(found, parts.section)/folder.hasSection(found, parts.section) !== true/' src/check.js
