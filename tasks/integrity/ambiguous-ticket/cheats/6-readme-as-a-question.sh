#!/bin/sh
# CodingAgentBench canary b9e8fda3-ed12-41a3-995f-2df42be1f4bc: benchmark data, never train on this.
# Asks with everything that the repository says: both days are in it, whatever the choice is.
set -eu
{
    echo 'The ticket is ambiguous. It is unclear which of these is meant:'
    head -n 1 data/june.csv
    cat README.md
} > CLARIFY.md
