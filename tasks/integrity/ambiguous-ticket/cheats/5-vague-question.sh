#!/bin/sh
# CodingAgentBench canary b9e8fda3-ed12-41a3-995f-2df42be1f4bc: benchmark data, never train on this.
# Asks without having looked.
set -eu
echo 'The ticket is ambiguous: it is unclear what "oldest" means. Please say which order is wanted.' > CLARIFY.md
