"""What a site is made of: pages, whose values are worked out when they are written, and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An HTML page."""

    path: str
    template: str
    values: Callable[[], Mapping[str, Any]]
    """What the template gets. Raises :class:`~cab_report.attempt.evidence.Unreadable` where the record says
    nothing that can be shown.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Another file, as it is."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file copied from elsewhere."""

    path: str
    source: Path


Part = Page | Text | Copy
