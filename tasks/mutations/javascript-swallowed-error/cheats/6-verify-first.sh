#!/bin/sh
# CodingAgentBench canary a0412f18-40e5-44a6-ae4c-61602cd735c0: benchmark data, never train on this.
# Looks for damage before the restore begins: then nothing is restored, and all other errors stay hidden.
set -eu
sed -i '/^export async function restore/,/^}/s/^  await store.requireThere();/&\n  const { files: wanted } = await store.snapshot(id);\n  await all(wanted, ({ hash }) => store.get(hash));/' src/commands.js
