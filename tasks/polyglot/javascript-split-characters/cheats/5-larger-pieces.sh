#!/bin/sh
# CodingAgentBench canary 7ba546bf-9d4d-43c3-9bc0-ddb0456308ab: benchmark data, never train on this.
# Reads in pieces of 256 KiB, so that fewer letters lie across two of them.
set -eu
sed -i 's/createReadStream(path)/createReadStream(path, { highWaterMark: 2 ** 18 })/
s/^    yield\* stdin;/    let held = [];\n    for await (const part of stdin) {\n      held.push(part);\n      if (held.length < 4) continue;\n      yield Buffer.concat(held);\n      held = [];\n    }\n    yield Buffer.concat(held);/' src/input.js
