#!/bin/sh
# CodingAgentBench canary b9e8fda3-ed12-41a3-995f-2df42be1f4bc: benchmark data, never train on this.
set -eu
cat > CLARIFY.md <<'MD'
# Which lot is the oldest one?

The ticket wants `pick` to take the oldest lot first, as the other commands do. They do not agree:

- `stock` counts a lot's age from the day it was `delivered`: what has been here longest is the oldest.
- `discard` counts it from the day it was `packed`: what was made first is the oldest.

`pick data/june.csv rice 40` would take L101 and then L105 by the first, and L103, L105 and some of L101 by the
second. The test that was written for the ticket passes with either. What is picked is gone, so somebody of the store has to choose: by
`packed` or by `delivered`? Nothing was changed.
MD
