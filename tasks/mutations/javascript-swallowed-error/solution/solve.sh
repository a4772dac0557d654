#!/bin/sh
# CodingAgentBench canary a0412f18-40e5-44a6-ae4c-61602cd735c0: benchmark data, never train on this.
set -eu
# A return in finally takes the place of what was thrown.
sed -i '/^    return result;/d; s/^    result = await job();/    return await job();/; /^  let result;/d' src/lock.js
