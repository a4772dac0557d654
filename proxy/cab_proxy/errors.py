"""What can go wrong in the proxy, and how it is told.

    ProxyError
    ├── ConfigError        the user's setting can't be used; exit code 2
    ├── LedgerWriteError   a record can't be written; the call is refused or cut
    │   └── LedgerFullError    there is no room for another call's records; it is refused
    ├── MissingError       this machine lacks something; exit code 3
    └── RunError           a run can't be opened, found or closed; carries an HTTP status

Each message is one line that says what happened and, where that helps, what to do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

NO_RETRY: Final = (("x-should-retry", "false"),)
"""Header of a final error: the SDKs that know it don't try again."""


class ProxyError(Exception):
    """Base of what the proxy raises on purpose."""


class ConfigError(ProxyError):
    """A setting that can't be used."""


class LedgerWriteError(ProxyError):
    """A record that can't be written, or a ledger that can't be opened."""


class LedgerFullError(LedgerWriteError):
    """A full disk. Calls that are under way have their room; no other can begin."""


class MissingError(ProxyError):
    """Something that is to be installed first; the message says what."""


class RunError(ProxyError):
    """A run that can't be opened, found or closed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status of the control socket's answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why the proxy answers a request itself."""

    code: str
    """For programs, e.g. ``model_not_allowed``."""
    message: str
    status: int = 400
    kind: str = "invalid_request_error"
    """As OpenAI's ``type``."""
    param: str | None = None
    """The part of the request that it is about."""


def error_body(message: str, kind: str, code: str, param: str | None = None) -> bytes:
    """An error in the shape that OpenAI's clients read."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json.dumps({"error": error}).encode()
