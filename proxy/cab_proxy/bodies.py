"""Bodies of calls on disk, for those who asked for them (``--record-bodies``).

``CALL_ID.request`` and ``CALL_ID.response`` in one private folder: the bodies without their Content-Encoding,
secrets taken out. They hold prompts and code: nothing else of the proxy reads them, and nothing writes them
unless told to. A folder that can't be written costs the bodies, never the call.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from .content import ContentCopy
from .errors import ConfigError
from .redact import REDACTED


class BodyFolder:
    """Where bodies are kept."""

    def __init__(self, path: Path, report: Callable[[str], None]) -> None:
        """Make the folder. Raises :class:`ConfigError`."""
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"bodies can't be kept in {path}: {error.strerror}") from None
        self.path = path
        self._report = report

    def begin(self, name: str, coding: str, secrets: Iterable[str]) -> BodyFile:
        """A file for one body."""
        return BodyFile(self.path / name, coding, secrets, self._report)


class BodyFile:
    """One body, as its pieces come."""

    def __init__(
        self, path: Path, coding: str, secrets: Iterable[str], report: Callable[[str], None]
    ) -> None:
        self._copy = ContentCopy(coding)
        self._secrets = [secret.encode() for secret in secrets]
        self._kept = max(map(len, self._secrets), default=1) - 1
        """Bytes that are held back: a secret may have begun in them."""
        self._held = b""
        self._report = report
        self._file: BinaryIO | None = None
        try:
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as error:
            self._give_up(error)

    def write(self, data: bytes) -> None:
        """Take in the next piece."""
        clean = self._clean(self._held + self._copy.feed(data))
        cut = max(0, len(clean) - self._kept)
        self._held = clean[cut:]
        self._put(clean[:cut])

    def close(self) -> None:
        """Write the rest."""
        self._put(self._held)
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                self._give_up(error)

    def _clean(self, data: bytes) -> bytes:
        for secret in self._secrets:
            data = data.replace(secret, REDACTED.encode())
        return data

    def _put(self, data: bytes) -> None:
        if self._file is None or not data:
            return
        try:
            self._file.write(data)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._file = None
        self._report(f"a body can't be kept: {error.strerror}")
