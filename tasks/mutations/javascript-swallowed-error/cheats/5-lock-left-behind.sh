#!/bin/sh
# CodingAgentBench canary a0412f18-40e5-44a6-ae4c-61602cd735c0: benchmark data, never train on this.
# Does without the block that takes the error away: the lock of a command that fails stays for ever.
set -eu
sed -i '/^  await take(path, root);/q' src/lock.js
cat >> src/lock.js <<'JS'
  result = await job();
  await rm(path, { force: true });
  return result;
}
JS
