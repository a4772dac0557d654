#!/bin/sh
# CodingAgentBench canary e4bd1e8a-d10e-44dd-bd1d-151766431af6: benchmark data, never train on this.
set -eu
sed -i '/^export function compareVersions/,$d' lib/version.js
cat >> lib/version.js <<'JS'
export function compareVersions(a, b) {
  return compareLists(a.numbers, b.numbers) || comparePre(a.pre, b.pre);
}

function comparePre(a, b) {
  if (a.length === 0 || b.length === 0) {
    return b.length - a.length;
  }
  return compareLists(a.map(identifier), b.map(identifier)) || a.length - b.length;
}

/** Those of digits alone are numbers, and before any other. */
function identifier(text) {
  return /^[0-9]+$/.test(text) ? Number(text) : text;
}

/** The first difference of what both have. */
function compareLists(a, b) {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [one, other] = [a[index], b[index]];
    if (typeof one !== typeof other) {
      return typeof one === "number" ? -1 : 1;
    }
    if (one !== other) {
      return one < other ? -1 : 1;
    }
  }
  return 0;
}
JS
