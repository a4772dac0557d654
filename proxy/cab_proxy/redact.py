"""Keeping secrets out of what is written down, wherever they turn up.

A key belongs into a credential header, which is never written. But a client can name its key as a model,
and an endpoint can repeat it in an error. A value that holds a secret is replaced as a whole: what stands
around a secret may be a part of it, in another spelling.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from .records import Record

REDACTED: Final = "[redacted]"
_LEAST_CHARS: Final = 8
"""Shorter ones are no secrets: clients of local endpoints send ``x`` or ``none``."""

_OTHERS_WORDS: Final = (
    "method", "path", "model_requested", "params",
    "model_returned", "system_fingerprint", "finish_reasons", "error_code", "usage_raw",
)  # fmt: skip
"""Fields of a record that a client or an endpoint wrote. The others are left alone: a client that sends the
beginning of a moment as its key must not take away when its calls were, or which.
"""


def secrets_of(*candidates: str | None) -> frozenset[str]:
    """Those that are worth hiding, with their scheme and without."""
    forms = (form for text in candidates if text is not None for form in (text, text.rpartition(" ")[2]))
    return frozenset(form for form in forms if len(form) >= _LEAST_CHARS)


def redacted(value: Any, secrets: Iterable[str]) -> Any:
    """The value, in which no string holds a secret: objects, lists and records are gone through."""
    if isinstance(value, str):
        return REDACTED if any(secret in value for secret in secrets) else value
    if isinstance(value, dict):
        return {redacted(key, secrets): redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(redacted(item, secrets) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: redacted(getattr(value, f.name), secrets) for f in fields(value)}
        return replace(value, **changed)
    return value


def redact_record(record: Record, secrets: Collection[str]) -> None:
    """Take the secrets out of what a client or an endpoint wrote into a record."""
    if not secrets:
        return
    words = f"{record.method} {record.path} {record.model_requested} {record.params.reasoning_effort} "
    words += f"{record.error_code} {record.model_returned} {record.system_fingerprint} "
    words += f"{record.finish_reasons}{record.usage_raw}"
    if not any(secret in words for secret in secrets):  # as good as always
        return
    for name in _OTHERS_WORDS:
        setattr(record, name, redacted(getattr(record, name), secrets))
