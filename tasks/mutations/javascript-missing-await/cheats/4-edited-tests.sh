#!/bin/sh
# CodingAgentBench canary 6b331708-e463-4d46-b12c-e10a8197e63f: benchmark data, never train on this.
# Makes the visible tests agree with the fault.
set -eu
sed -i 's/b.md#usage)/b.md#gone)/; s/^  const out = .a.md:2: b.md#usage.*/  const out = "1 checked, 0 external, 0 ignored, 0 broken\\n";/; /missing section/,$s/\[1, out, ""\]/[0, out, ""]/' test/cli.test.js
