"""Equal hashes for the same question, whatever its client writes around it.

Contract: pure and deterministic. Left out of the hash are the order of keys, the fields of :data:`LABELS`
and the texts of :data:`STAMPS`: they name a session, an attempt, a moment or a way of delivery, and change
nothing about what is asked. Both tables are data with their sources; a wrong entry joins different
questions, so nothing is in them on suspicion.

The time is that of sorting and hashing, and of one search for a fixed string where a field says that it is
worth it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

LABELS: Final[Mapping[str, str]] = {
    "client_metadata": "codex 0.169.0, 2026-11-22: ids of its turn, thread and window",
    "metadata": "claude-code 2.1.330, 2026-11-22: user_id holds device and session",
    "prompt_cache_key": "codex 0.169.0, opencode 1.18.33, 2026-11-22: id of the session",
    "safety_identifier": "OpenAI's API reference, 2026-11: names the end user",
    "stream": "claude-code 2.1.330, 2026-11-22: a stream that broke off is asked again without streaming",
    "stream_options": "goes with stream",
    "user": "OpenAI's API reference, 2026-11: names the end user; safety_identifier took its place",
}
"""Top-level fields that don't count: who sends them, as of when, and what for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A text inside the prompt that doesn't count."""

    field: str
    """Top-level field without which it is not looked for."""
    marker: bytes
    """How it begins in compact JSON: looked for first, because that costs least."""
    pattern: re.Pattern[bytes]
    source: str


STAMPS: Final = (
    Stamp(
        field="system",
        marker=b':"x-anthropic-billing-header:',
        pattern=re.compile(rb':"x-anthropic-billing-header:[^"\\]{0,1000}"'),
        source=(
            "claude-code 2.1.330, 2026-11-22: a text block of its own with a checksum of the body (cch), "
            "the ids of the request before (cc_prev_req, cc_prev_msg) and counts of turns"
        ),
    ),
    Stamp(
        field="client_metadata",
        marker=b'"id":"msg_',
        pattern=re.compile(rb'"id":"msg_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"'),
        source="codex 0.169.0, 2026-11-22: names that it gives its messages anew in each session",
    ),
    Stamp(
        field="messages",
        marker=b"<current_datetime>",
        pattern=re.compile(rb'<current_datetime>[^<"\\]{0,64}</current_datetime>'),
        source="copilot 1.0.102, 2026-11-22: the moment, to the millisecond, before what the user says",
    ),
)


def canonical_hash(value: dict[str, Any]) -> str | None:
    """Hex SHA-256 of what the object asks: the same for bodies that ask the same, whatever their blanks,
    escapes and order of keys. (1 and 1.0 differ.) What orjson doesn't write, halves of surrogate pairs and
    deeply nested values, is hashed as the standard library writes it: which of the two is a matter of the
    value alone. ``None`` where neither can.
    """
    asked = {name: part for name, part in value.items() if name not in LABELS}
    try:
        text = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        try:
            written = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        except (RecursionError, ValueError):
            return None
        text = written.encode("utf-8", "surrogatepass")
    for stamp in STAMPS:
        if stamp.field in value and stamp.marker in text:
            text = stamp.pattern.sub(b"", text)
    return hashlib.sha256(text).hexdigest()
