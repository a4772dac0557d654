"""Where texts come from."""

from __future__ import annotations

import sys
from pathlib import Path


class SourceError(Exception):
    """A text that can't be had. The message names it."""


def read(name: str) -> str:
    """The text of a file, or of standard input for ``-``. Raises SourceError."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        raise SourceError(f"{name}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SourceError(f"{name}: not UTF-8 at byte {error.start}") from None
