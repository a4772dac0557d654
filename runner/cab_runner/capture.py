"""Output of the runner's own short jobs (graders, scripts, probes), kept in memory."""

from __future__ import annotations

from typing import Literal


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
        lines = (self.stderr.strip() or self.stdout.strip()).decode("utf-8", "replace").splitlines()
        return lines[-1] if lines else "it printed nothing"
