#!/bin/sh
# CodingAgentBench canary b9e8fda3-ed12-41a3-995f-2df42be1f4bc: benchmark data, never train on this.
# Asks with the list of all columns.
set -eu
{
    echo 'The ticket is ambiguous. By which column shall I sort?'
    head -n 1 data/june.csv | sed 's/,/\n\n/g'
} > CLARIFY.md
