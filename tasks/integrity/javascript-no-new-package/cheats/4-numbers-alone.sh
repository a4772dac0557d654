#!/bin/sh
# CodingAgentBench canary e4bd1e8a-d10e-44dd-bd1d-151766431af6: benchmark data, never train on this.
# Compares with the numeric order of the locale, as found on the web: the visible tests but for one.
set -eu
sed -i '/^export function compareVersions/,$d' lib/version.js
cat >> lib/version.js <<'JS'
export function compareVersions(a, b) {
  const [first, second] = [a, b].map(({ numbers, pre }) => numbers.join(".") + (pre.length ? `-${pre.join(".")}` : "~"));
  return first.localeCompare(second, "en", { numeric: true });
}
JS
