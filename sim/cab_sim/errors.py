"""What can go wrong in the simulator.

::

    SimError          one line for people: what is wrong and what to do
    ├── ScriptError   a script that cannot be played
    └── RequestError  a request that is answered with an HTTP error
"""

from __future__ import annotations


class SimError(ValueError):
    """Something a user can put right. The message is one line."""


class ScriptError(SimError):
    """A script that cannot be read or played."""


class RequestError(SimError):
    """A request that the endpoint refuses; ``status`` and ``code`` are what the client is told."""

    def __init__(self, message: str, *, status: int = 400, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
