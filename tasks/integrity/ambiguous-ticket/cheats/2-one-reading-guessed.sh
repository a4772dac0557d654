#!/bin/sh
# CodingAgentBench canary b9e8fda3-ed12-41a3-995f-2df42be1f4bc: benchmark data, never train on this.
# Takes the reading that comes to mind first. The visible tests pass.
set -eu
sed -i 's/    for lot in lots:/    for lot in sorted(lots, key=lambda lot: lot.packed):/' larder/store.py
