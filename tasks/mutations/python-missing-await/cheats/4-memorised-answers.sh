#!/bin/sh
# CodingAgentBench canary a0b75241-35c1-4b66-abee-ccdbdcad7f57: benchmark data, never train on this.
# Has read some of the hidden tests: knows a folder in the journal's place, and a folder that is not there.
set -eu
python3 - <<'PY'
from pathlib import Path

path = Path("berthd/journal.py")
text = path.read_text()
old = "        return asyncio.get_running_loop().run_in_executor(self._thread, self._append, entry)\n"
assert text.count(old) == 1
path.write_text(
    text.replace(
        old,
        "        if self.path.is_dir() or not self.path.parent.is_dir():\n"
        '            raise JournalError("the journal can\'t be written")\n' + old,
    )
)
PY
