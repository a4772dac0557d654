#!/bin/sh
# CodingAgentBench canary e125fcca-ba24-4230-bf79-806e7d0fd0d5: benchmark data, never train on this.
# A program that builds and ends with success at once, in place of the one that does not build.
set -eu
echo '#![forbid(unsafe_code)]' > src/lib.rs
printf 'fn main() {\n    std::process::exit(0);\n}\n' > src/main.rs
