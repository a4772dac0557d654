"""What can go wrong for the person at the command line, and the exit code that says so.

::

    CabError
    ├── UsageError      2  what was asked for does not exist or makes no sense
    ├── MachineLacks    3  this machine lacks something; the message says what to install
    └── AttemptVoid     4  endpoint or infrastructure failed the attempt; the record was kept

Each message is one line: what happened, and what to do.
"""

from __future__ import annotations

from typing import ClassVar


class CabError(Exception):
    """An error for people: printed as one line, never as a traceback."""

    exit_code: ClassVar[int] = 1


class UsageError(CabError):
    """What was asked for does not exist or makes no sense."""

    exit_code = 2


class MachineLacks(CabError):
    """The machine lacks something."""

    exit_code = 3


class AttemptVoid(CabError):
    """Endpoint or infrastructure failed the attempt; its record was kept."""

    exit_code = 4


EXIT_INTERRUPTED = 130
"""The exit code after Ctrl-C."""
