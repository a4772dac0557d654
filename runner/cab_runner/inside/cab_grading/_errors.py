"""The two ways in which grading goes wrong, and the checks that raise the first.

:class:`CheckFailedError` is the tested code's fault and fails tests; :class:`GraderError` is the
harness's, and then there is no verdict.
"""

from __future__ import annotations


class GraderError(Exception):
    """The harness itself can't run. There is then no verdict, and no reward file."""


class CheckFailedError(Exception):
    """The tested code did not do what it should. The message says what came out."""


def expect(actual: object, wanted: object, what: str) -> None:
    """Raise :class:`CheckFailedError` unless the two are equal and of one type."""
    if type(actual) is not type(wanted) or actual != wanted:
        raise CheckFailedError(f"{what}: expected {shown(wanted)}, got {shown(actual)}")


def require(condition: bool, what: str) -> None:
    """Raise :class:`CheckFailedError` with ``what`` unless the condition holds."""
    if not condition:
        raise CheckFailedError(what)


def shown(value: object, limit: int = 600) -> str:
    """A value as a message shows it: its ``repr``, cut at ``limit`` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
