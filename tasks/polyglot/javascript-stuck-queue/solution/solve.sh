#!/bin/sh
# CodingAgentBench canary 965f9095-7bb6-405f-9e1f-0051c97fe9d2: benchmark data, never train on this.
set -eu
# The next job waits for the last one's end, not for its success.
sed -i 's/^    this.#last = this.#last.then(job);/    const result = this.#last.then(job);\n    this.#last = result.catch(() => {});/
s/^    return this.#last;/    return result;/' src/queue.js
