"""What a job printed, kept while it runs: two plain files and a recording that replays.

Invariants
----------
* ``agent.stdout`` and ``agent.stderr`` are the bytes as they came.
* ``terminal.cast`` is an asciicast v2 of 120×40, both streams in order of arrival. Characters that
  were split between writes come out whole, and what is no UTF-8 as U+FFFD.
* Everything is flushed as it comes: what a killed runner leaves is a valid prefix.
"""

from __future__ import annotations

import codecs
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

Stream = Literal["stdout", "stderr"]
Render = Callable[[str], str | None]
"""Turns one line of an agent's stdout, its newline excluded, into what a reader should see; ``None``
leaves it out."""

COLUMNS: Final = 120
ROWS: Final = 40
TAIL_BYTES: Final = 64 * 1024
_LONGEST_LINE_CHARS: Final = 1024 * 1024
"""A line that is longer is rendered in pieces, so that one without end costs no memory."""


class Recording:
    """An output sink (:class:`~cab_runner.sandbox.base.OutputSink`) that writes the three files.

    A context manager; the sandbox bounds what it is given. Raises ``OSError`` when the disk is full.
    """

    def __init__(
        self,
        folder: Path,
        *,
        title: str = "",
        render: Render | None = None,
        clock: Callable[[], float] = time.monotonic,
        tail_bytes: int = TAIL_BYTES,
    ) -> None:
        """Create the files in ``folder``. ``clock`` gives seconds; the recording starts now."""
        self._clock = clock
        self._start_s = clock()
        self._tail_bytes = tail_bytes
        self._tails: dict[Stream, bytes] = {"stdout": b"", "stderr": b""}
        self._decoders = {
            name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")
        }
        self._render = render
        self._line = ""
        self._files = {name: (folder / f"agent.{name}").open("wb") for name in ("stdout", "stderr")}
        self._cast = (folder / "terminal.cast").open("w", encoding="utf-8", errors="replace", newline="\n")
        header: dict[str, object] = {"version": 2, "width": COLUMNS, "height": ROWS}
        header["timestamp"] = int(datetime.now(UTC).timestamp())
        if title:
            header["title"] = title
        self._write_cast_line(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, stream: Stream, data: bytes) -> None:
        """Record bytes of one of the streams."""
        self._files[stream].write(data)
        self._files[stream].flush()
        self._tails[stream] = (self._tails[stream] + data)[-self._tail_bytes :]
        self._show(stream, self._decoders[stream].decode(data))

    def tail(self, stream: Stream) -> str:
        """The end of a stream, at most ``tail_bytes`` of it."""
        return self._tails[stream].decode("utf-8", "replace")

    def close(self) -> None:
        """Record what is still held (half a character, half a line) and close the files."""
        if self._cast.closed:
            return
        try:
            for stream in self._tails:
                self._show(stream, self._decoders[stream].decode(b"", final=True))
            if self._line:
                self._show_rendered(self._line)
                self._line = ""
        finally:
            for file in (*self._files.values(), self._cast):
                file.close()

    def _show(self, stream: Stream, text: str) -> None:
        if stream == "stderr" or self._render is None:
            self._event(text)
            return
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._show_rendered(line)
        if len(self._line) > _LONGEST_LINE_CHARS:
            self._show_rendered(self._line)
            self._line = ""

    def _show_rendered(self, line: str) -> None:
        assert self._render is not None, "only lines to render are held"
        try:
            shown = self._render(line.removesuffix("\r"))
        except Exception:  # noqa: BLE001  # the line is the agent's to write: no line may end the attempt
            shown = line
        if shown is not None:
            self._event(shown + "\n")

    def _event(self, text: str) -> None:
        if text:
            elapsed_s = round(max(0.0, self._clock() - self._start_s), 6)
            self._write_cast_line([elapsed_s, "o", text.replace("\r\n", "\n").replace("\n", "\r\n")])

    def _write_cast_line(self, value: object) -> None:
        self._cast.write(json.dumps(value, ensure_ascii=False) + "\n")
        self._cast.flush()
