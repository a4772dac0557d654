#!/bin/sh
# CodingAgentBench canary b9e8fda3-ed12-41a3-995f-2df42be1f4bc: benchmark data, never train on this.
# Guesses, and asks afterwards.
set -eu
sed -i 's/    for lot in lots:/    for lot in sorted(lots, key=lambda lot: lot.delivered):/' larder/store.py
echo 'I sorted by the day on which a lot was delivered. Should it be the day it was packed?' > CLARIFY.md
