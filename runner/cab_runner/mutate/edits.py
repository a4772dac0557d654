"""What a mutation is, before it has a file: a kind, a span of bytes, and what stands there instead.

The tables here hold for every language; a language has only those of the operators that it knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "operator",
    "boundary",
    "negation",
    "argument-order",
    "missing-await",
    "off-by-one",
    "swallowed-error",
    "wrong-status",
]


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Bytes ``start`` to ``end`` of a source become ``after``."""

    start: int
    end: int
    kind: Kind
    after: str


OPERATORS: Final = {
    "+": "-", "-": "+", "*": "+", "/": "*", "//": "*", "%": "/",
    "+=": "-=", "-=": "+=", "*=": "+=", "/=": "*=", "//=": "*=",
    "==": "!=", "!=": "==", "===": "!==", "!==": "===",
    "<": ">", ">": "<", "<=": ">=", ">=": "<=",
    "&&": "||", "||": "&&", "??": "||", "and": "or", "or": "and",
    "&": "|", "|": "&", "<<": ">>", ">>": "<<",
}  # fmt: skip
BOUNDARIES: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
CONTRARIES: Final = {"in": "not in", "not in": "in", "is": "is not", "is not": "is"}
"""Python's: these turn a condition round, and so count as negations."""
SELF_NEGATING: Final = frozenset({"==", "!=", "===", "!==", *CONTRARIES})
"""Conditions with these on top are negated by changing the operator; ``not`` would say the same twice."""

_STATUSES: Final = {
    200: 201, 201: 200, 202: 200, 204: 200, 301: 302, 302: 301, 303: 302, 304: 200, 307: 302, 308: 301,
    400: 422, 401: 403, 403: 401, 404: 400, 405: 404, 406: 400, 409: 400, 410: 404, 411: 400, 412: 409,
    413: 400, 414: 400, 415: 400, 422: 400, 429: 503, 500: 502, 501: 500, 502: 500, 503: 500, 504: 503,
}  # fmt: skip
STATUS_NAMES: Final = {
    "OK": "CREATED", "CREATED": "OK", "NO_CONTENT": "OK", "BAD_REQUEST": "UNPROCESSABLE_ENTITY",
    "UNAUTHORIZED": "FORBIDDEN", "FORBIDDEN": "UNAUTHORIZED", "NOT_FOUND": "BAD_REQUEST",
    "METHOD_NOT_ALLOWED": "NOT_FOUND", "CONFLICT": "BAD_REQUEST", "GONE": "NOT_FOUND",
    "PRECONDITION_FAILED": "CONFLICT", "UNSUPPORTED_MEDIA_TYPE": "BAD_REQUEST",
    "UNPROCESSABLE_ENTITY": "BAD_REQUEST", "TOO_MANY_REQUESTS": "SERVICE_UNAVAILABLE",
    "INTERNAL_SERVER_ERROR": "BAD_GATEWAY", "BAD_GATEWAY": "INTERNAL_SERVER_ERROR",
    "SERVICE_UNAVAILABLE": "INTERNAL_SERVER_ERROR",
}  # fmt: skip
"""As Python's ``http.HTTPStatus`` writes them."""
STATUS_HOLDER: Final = re.compile(
    r"(?i)(^|_)(exit|status|code)(_|$)|^(exit|status)(?-i:[A-Z])|status$|_error$", re.ASCII
)
"""Names of constants whose number is a status."""
ENTRY_POINTS: Final = frozenset({"main", "run"})
"""Functions whose returned numbers are exit codes."""

_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,8})([iu](?:8|16|32|64|128|size))?")
"""A whole number as people write counts; with Rust's suffix."""


def shifted(text: str) -> tuple[str, ...]:
    """A whole number's neighbours; none for what is not a plain decimal."""
    match = _DECIMAL.fullmatch(text)
    if not match:
        return ()
    value, suffix = int(match[1]), match[2] or ""
    return tuple(f"{near}{suffix}" for near in (value - 1, value + 1) if near >= 0)


def neighbour_status(text: str, *, exit_code: bool) -> str | None:
    """Another status than this one: of HTTP, or, where it is known to be one, an exit code."""
    if not text.isdecimal():
        return None
    value = int(text)
    if value in _STATUSES:
        return str(_STATUSES[value])
    return str({0: 1, 1: 2}.get(value, 1)) if exit_code and value < 256 else None


def number_edits(start: int, end: int, text: str, *, exit_code: bool) -> list[Edit]:
    """What may become of a whole number: another status if it is one, else its neighbours."""
    status = neighbour_status(text, exit_code=exit_code)
    if status is not None:
        return [Edit(start, end, "wrong-status", status)]
    return [Edit(start, end, "off-by-one", near) for near in shifted(text)]


def operator_edits(start: int, end: int, operator: str) -> list[Edit]:
    """What may become of an operator."""
    edits = []
    if operator in OPERATORS:
        edits.append(Edit(start, end, "operator", OPERATORS[operator]))
    if operator in BOUNDARIES:
        edits.append(Edit(start, end, "boundary", BOUNDARIES[operator]))
    if operator in CONTRARIES:
        edits.append(Edit(start, end, "negation", CONTRARIES[operator]))
    return edits


_SIMPLE: Final = re.compile(r"[\w.]+(\([^()]*\)|\[[^\[\]]*\])?")
"""A name, a call, an item: binds tighter than any operator."""


def negated(text: str, word: str) -> str:
    """An expression with ``word`` (``not``, ``!``) before it."""
    return f"{word}{text}" if _SIMPLE.fullmatch(text) else f"{word}({text})"


def stepped(text: str, step: str) -> str:
    """An expression one further (``+ 1``) or less; parenthesised where it may bind less tightly."""
    return f"{text} {step}" if _SIMPLE.fullmatch(text) else f"({text}) {step}"
