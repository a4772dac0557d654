"""Output of the runner's own short jobs (graders, scripts, probes), kept in memory."""

from __future__ import annotations

from typing import Literal


def last_line(*texts: str) -> str:
    """The last line of the first text that says anything."""
    said = next((text.strip() for text in texts if text.strip()), "")
    return said.splitlines()[-1] if said else "it printed nothing"


class Capture:
    """An :class:`~cab_runner.sandbox.base.OutputSink`; the job's output limit bounds it."""

    def __init__(self) -> None:
        self._streams = {"stdout": bytearray(), "stderr": bytearray()}

    def write(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        """Bytes as they came."""
        self._streams[stream] += data

    @property
    def stdout(self) -> bytes:
        """All of the standard output."""
        return bytes(self._streams["stdout"])

    @property
    def stderr(self) -> bytes:
        """All of the standard error."""
        return bytes(self._streams["stderr"])

    @property
    def last_line(self) -> str:
        """What it said last, on stderr where it said anything there; for error messages."""
        return last_line(self.stderr.decode("utf-8", "replace"), self.stdout.decode("utf-8", "replace"))
