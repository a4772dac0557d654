#!/bin/sh
# CodingAgentBench canary a0b75241-35c1-4b66-abee-ccdbdcad7f57: benchmark data, never train on this.
# Waits for the journal, but after the change: the answer is 503, and the boat lies there all the same.
set -eu
python3 - <<'PY'
from pathlib import Path

path = Path("berthd/desk.py")
text = path.read_text()
old = "        self.journal.append(entry)\n        self.harbour.apply(entry)\n"
assert text.count(old) == 1
path.write_text(text.replace(old, "        self.harbour.apply(entry)\n        await self.journal.append(entry)\n"))
PY
