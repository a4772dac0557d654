"""A JSON body, read once, with what a guard must know about it.

Contract: pure; never raises. A body that is not one JSON object in UTF-8 has ``value`` ``None`` and
says why. Duplicate keys don't make a body unreadable (the last one wins, as everywhere), but they can be
named, because two readers may disagree about which one counts.

orjson reads what it can, the standard library the few bodies that it doesn't take: those with halves of
surrogate pairs, and deeply nested ones. Either way a whole number beyond 64 bits in a request comes out as
the nearest double, so that a value doesn't depend on who read it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import orjson

MAX_KEPT_DEPTH: Final = 24
MAX_KEPT_BYTES: Final = 64 * 1024
_LONG_BYTES: Final = 4 * 1024 * 1024
_MAX_MARKS: Final = 2_000_000
"""Brackets and commas of a long body that is read. An empty object is three bytes, packed far less, and takes
a hundred in memory: 64 KiB sent could take gigabytes, and half a minute of everybody's time.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonBody:
    """What a body says."""

    value: dict[str, Any] | None = None
    """The object; ``None`` when the body isn't one."""
    problem: str | None = None
    """Why it isn't one."""
    raw: bytes = field(default=b"", repr=False)
    """The bytes of a body that is one."""

    def duplicate_key(self) -> str | None:
        """The first key that stands twice in one object, at any depth. Where a body is nested too deeply to
        tell, that is said in its place.
        """
        try:
            # most clients write JSON just as orjson does, and what it writes has no key twice
            if self.value is None or orjson.dumps(self.value) == self.raw:
                return None
        except orjson.JSONEncodeError:
            pass
        duplicates: list[str] = []

        def collect(pairs: list[tuple[str, Any]]) -> None:
            if len(dict(pairs)) != len(pairs) and not duplicates:
                seen: set[str] = set()
                duplicates.append(next(k for k, _ in pairs if k in seen or seen.add(k)))  # type: ignore[func-returns-value]  # add() is None: false

        try:
            json.loads(self.raw, object_pairs_hook=collect)
        except RecursionError:
            return "(nested too deeply to tell)"
        return duplicates[0] if duplicates else None


def read_json(raw: bytes) -> JsonBody:
    """Parse a request's body strictly: UTF-8 without a byte order mark, finite numbers."""
    if len(raw) > _LONG_BYTES and sum(map(raw.count, (b"{", b"[", b","))) > _MAX_MARKS:
        return JsonBody(problem="the body is too long a list of things to be read")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            value = json.loads(
                raw.decode("utf-8"), parse_constant=_refuse, parse_float=_finite, parse_int=_int64
            )
        except (ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
            return JsonBody(problem=f"the body is not JSON ({reason})")
    if not isinstance(value, dict):
        return JsonBody(problem="the body is not a JSON object")
    return JsonBody(value=value, raw=raw)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text[:20])


def _int64(text: str) -> int | float:
    """As orjson: whole numbers of 64 bits, signed or not, are exact."""
    value = int(text)
    return value if -(2**63) <= value < 2**64 else _finite(text)


def read_response_json(raw: bytes | bytearray) -> dict[str, Any] | None:
    """Parse an endpoint's JSON leniently: ``NaN`` and its kin, which some servers write, are null. A long
    bytearray is emptied on the way, lest its text be in memory three times.
    """
    value: object
    try:
        if len(raw) > _LONG_BYTES and isinstance(raw, bytearray):
            text = raw.decode("utf-8-sig", "surrogatepass")
            raw.clear()
            value = _read_leniently(text)
        else:
            value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = _read_leniently(raw)
    except UnicodeDecodeError:
        value = None
    return value if isinstance(value, dict) else None


def _read_leniently(text: str | bytes | bytearray) -> object:
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def keepable(value: dict[str, Any]) -> dict[str, Any] | None:
    """The object if a ledger line can hold it (small, shallow, numbers that JSON knows), else ``None``."""
    try:
        text = orjson.dumps(value)
        # surely so: an ASCII letter becomes six at most, few brackets can't nest deeply, and NaN and its kin
        # come back as null
        if (
            len(text) <= MAX_KEPT_BYTES // 6
            and text.count(b"{") + text.count(b"[") <= MAX_KEPT_DEPTH
            and (b"null" not in text or orjson.loads(text) == value)
        ):
            return value
    except orjson.JSONEncodeError:
        pass
    if not _shallow(value, MAX_KEPT_DEPTH):
        return None
    try:
        size = len(json.dumps(value, allow_nan=False))
    except ValueError:
        return None
    return value if size <= MAX_KEPT_BYTES else None


def _shallow(value: object, depth: int) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_shallow(item, depth - 1) for item in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_shallow(item, depth - 1) for item in value)
    return True


def text_of(value: object, limit: int = 512) -> str | None:
    """A string as a record may hold it: clipped; anything else is ``None``."""
    return value[:limit] if isinstance(value, str) else None


def int_of(value: object) -> int | None:
    """A whole number of 64 bits, written as 3 or 3.0; anything else is ``None``."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and -(2**63) < value < 2**63 else None


def float_of(value: object) -> float | None:
    """A number below 2**63; anything else is ``None``."""
    if type(value) is not int and type(value) is not float:
        return None
    return float(value) if abs(value) < 2**63 else None
