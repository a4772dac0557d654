"""A JSON body, read once, with what a guard must know about it.

Contract: pure; never raises. A body that is not one JSON object in UTF-8 has ``value`` ``None`` and
says why. Duplicate keys don't make a body unreadable (the last one wins, as everywhere), but they are
named, because two readers may disagree about which one counts.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any, Final, NoReturn

MAX_KEPT_DEPTH: Final = 24
MAX_KEPT_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonBody:
    """What a body says."""

    value: dict[str, Any] | None = None
    """The object; ``None`` when the body isn't one."""
    problem: str | None = None
    """Why it isn't one."""
    duplicate_key: str | None = None
    """The first key that stands twice in one object, at any depth."""


def read_json(raw: bytes) -> JsonBody:
    """Parse a request's body strictly: UTF-8 without a byte order mark, finite numbers."""
    duplicates: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs) and not duplicates:
            seen: set[str] = set()
            duplicates.append(next(k for k, _ in pairs if k in seen or seen.add(k)))  # type: ignore[func-returns-value]  # add() is None: false
        return found

    def refuse(name: str) -> NoReturn:
        raise ValueError(f"{name} is not JSON")

    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=collect, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        return JsonBody(problem=f"the body is not JSON ({reason})")
    if not isinstance(value, dict):
        return JsonBody(problem="the body is not a JSON object")
    return JsonBody(value=value, duplicate_key=duplicates[0] if duplicates else None)


def read_response_json(raw: bytes) -> dict[str, Any] | None:
    """Parse an endpoint's JSON leniently: ``NaN`` and its kin, which some servers write, are null."""
    try:
        value = json.loads(raw, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def canonical_hash(value: dict[str, Any]) -> str | None:
    """Hex SHA-256 of the object with sorted keys: the same for bodies that ask the same."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (RecursionError, ValueError):
        return None
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def keepable(value: dict[str, Any]) -> dict[str, Any] | None:
    """The object if a ledger line can hold it (small, shallow, numbers that JSON knows), else ``None``."""
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
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if abs(value) < 2**63 else None


def float_of(value: object) -> float | None:
    """A finite number; anything else is ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) >= 2**63:
        return None
    return float(value) if math.isfinite(value) else None
