"""A provider's usage export: what it counted per bucket of time and model.

Contract: pure, standard library only. Times are UTC. What a file doesn't say is ``None``. The kinds of file
that are known are data, :data:`FORMATS`, told apart by their columns.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

FIGURES: Final = ("requests", "input", "cached", "cache_write", "output")
"""What an export may count. As in the ledger, ``input`` includes ``cached`` and ``cache_write``."""

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


class ExportError(ValueError):
    """A usage export that can't be read. The message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How one kind of export names things; a figure is the sum of its columns."""

    name: str
    start: str
    """Column of the bucket's start: seconds since 1970, or ISO 8601 in UTC."""
    end: str | None
    """Column of its end; without one, a bare date is a day and any other time an hour."""
    model: str
    figures: Mapping[str, tuple[str, ...]]


_ANTHROPIC_WRITES: Final = (
    "usage_input_tokens_cache_write_5m",
    "usage_input_tokens_cache_write_1h",
    "usage_input_tokens_cache_write",
)
_EPHEMERAL: Final = (
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
)
FORMATS: Final = (
    # platform.openai.com/usage, Export; and GET /v1/organization/usage/completions. Columns of exports of
    # 2025-10-12 and 2025-10-27; cache writes as in openai-python 3.54.0 (2026-11)
    Format(
        name="OpenAI",
        start="start_time",
        end="end_time",
        model="model",
        figures={
            "requests": ("num_model_requests",),
            "input": ("input_tokens",),
            "cached": ("input_cached_tokens",),
            "cache_write": ("input_cache_write_tokens",),
            "output": ("output_tokens",),
        },
    ),
    # the Console's Usage page, Export. Columns of exports of 2026-03-22 and 2026-08-05; older ones have
    # one column of cache writes
    Format(
        name="Anthropic",
        start="usage_date_utc",
        end=None,
        model="model_version",
        figures={
            "input": ("usage_input_tokens_no_cache", *_ANTHROPIC_WRITES, "usage_input_tokens_cache_read"),
            "cached": ("usage_input_tokens_cache_read",),
            "cache_write": _ANTHROPIC_WRITES,
            "output": ("usage_output_tokens",),
        },
    ),
    # GET /v1/organizations/usage_report/messages, as documented 2026-11
    Format(
        name="Anthropic",
        start="starting_at",
        end="ending_at",
        model="model",
        figures={
            "input": ("uncached_input_tokens", *_EPHEMERAL, "cache_read_input_tokens"),
            "cached": ("cache_read_input_tokens",),
            "cache_write": _EPHEMERAL,
            "output": ("output_tokens",),
        },
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What an export says of one bucket and model, or of a part of it (a key, a project)."""

    start: datetime
    end: datetime
    model: str
    figures: dict[str, int | None]
    """By the names of :data:`FIGURES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A usage export, read."""

    name: str
    """Whose it is."""
    rows: tuple[Row, ...]
    figures: tuple[str, ...]
    """Those that it has; where it has no usage at all, those that it would have."""
    start: datetime
    end: datetime
    """The time that it covers, buckets without usage included."""


def read_export(data: bytes) -> Export:
    """Read a CSV export, or pages of a usage API's JSON. Raises :class:`ExportError`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ExportError("it is not text in UTF-8") from None
    raw = list(_json_rows(text) if text.lstrip().startswith(("{", "[")) else _csv_rows(text))
    if not raw:
        raise ExportError("it has no rows")
    columns = {name for _, row in raw for name in row}
    for format_ in FORMATS:
        if format_.start in columns and (format_.end is None or format_.end in columns):
            rows = [_row(format_, where, row) for where, row in raw]
            there = tuple(
                figure for figure, names in format_.figures.items() if not columns.isdisjoint(names)
            )
            return Export(
                name=format_.name,
                rows=tuple(row for row in rows if row.model),
                figures=there or tuple(format_.figures),
                start=min(row.start for row in rows),
                end=max(row.end for row in rows),
            )
    starts = " or ".join(format_.start for format_ in FORMATS)
    raise ExportError(f"it is no usage export of OpenAI or Anthropic: it has no column {starts}")


def _csv_rows(text: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        for row in reader:
            yield f"line {reader.line_num}", {name: value for name, value in row.items() if name}
    except csv.Error as error:
        raise ExportError(f"line {reader.line_num}: {error}") from None


def _json_rows(text: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    try:
        pages = json.loads(text)
        pages = pages if isinstance(pages, list) else [pages]
        if pages and pages[-1].get("has_more"):
            raise ExportError("more pages follow (has_more): put all of them into one JSON list")
        for number, bucket in enumerate((bucket for page in pages for bucket in page["data"]), start=1):
            times = {name: value for name, value in bucket.items() if name != "results"}
            for result in bucket["results"] or [{}]:
                parts = ((name, part) for name, part in result.items() if isinstance(part, dict))
                nested = {f"{name}.{inner}": value for name, part in parts for inner, value in part.items()}
                yield f"bucket {number}", {**result, **nested, **times}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, ExportError):
            raise
        raise ExportError("it is not the JSON of a usage API: no data[].results[]") from None


def _row(format_: Format, where: str, row: Mapping[str, object]) -> Row:
    start, bare = _time(where, row.get(format_.start))
    end = start + (DAY if bare else HOUR)
    if format_.end is not None:
        end, _ = _time(where, row.get(format_.end))
    if not timedelta(0) < end - start <= DAY:
        raise ExportError(f"{where}: a bucket is longer than a day: export it by the day or finer")
    figures: dict[str, int | None] = {}
    for figure, columns in format_.figures.items():
        found = [number for name in columns if (number := _number(where, name, row.get(name))) is not None]
        figures[figure] = sum(found) if found else None
    model = row.get(format_.model)
    if not model and any(figures.values()):
        raise ExportError(f"{where}: usage without a model: export it grouped by model")
    return Row(start=start, end=end, model=str(model or ""), figures=figures)


def _time(where: str, value: object) -> tuple[datetime, bool]:
    """A moment, and whether it is a bare date."""
    text = str(value).strip()
    try:
        if text.replace(".", "", 1).isdecimal():
            return datetime.fromtimestamp(float(text), UTC), False
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise ExportError(f"{where}: {text[:40]!r} is no time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), len(text) == 10


def _number(where: str, name: str, value: object) -> int | None:
    """A count, which OpenAI's CSV writes as ``10.0``; ``None`` where there is none."""
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    try:
        number = float(text)
        if number >= 0 and number.is_integer():
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise ExportError(f"{where}: {name} is {text[:40]!r}, not a count")
