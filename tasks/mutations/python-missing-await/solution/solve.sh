#!/bin/sh
# CodingAgentBench canary a0b75241-35c1-4b66-abee-ccdbdcad7f57: benchmark data, never train on this.
set -eu
sed -i 's/^        self.journal.append(entry)$/        await self.journal.append(entry)/' berthd/desk.py
