#!/bin/sh
# CodingAgentBench canary 92eae68e-edb7-40cb-adf8-fcb14c8fc575: benchmark data, never train on this.
set -eu
sed -i 's/if result.is_err() || last {/if result.is_ok() || last {/' src/retry.rs
