"""The tables hold what the code that walks over them needs, and say where each row is from."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cab_proxy.protocols.quirks import (
    CACHE_OUTSIDE,
    COSTS,
    COUNTS,
    PLACES,
    REASONING_OUTSIDE,
    Cost,
    Count,
    Place,
    Seen,
)
from cab_proxy.protocols.usage import cost_of, normalise, usage_in


def holding(*paths: str, value: object) -> dict[str, Any]:
    """An object that has nothing but the value at each of the paths."""
    made: dict[str, Any] = {}
    for path in filter(None, paths):
        key, _, within = path.partition(".")
        made[key] = {**made.get(key, {}), within: value} if within else value
    return made


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.path)
@pytest.mark.parametrize("in_list", [False, True])
def test_usage_is_found_in_every_place(place: Place, in_list: bool) -> None:
    frame = holding(place.path, value={"prompt_tokens": 1})
    key, _, within = place.path.partition(".")
    if within and in_list:
        frame[key] = [{}, frame[key]]
    assert usage_in(frame) == {"prompt_tokens": 1}


@pytest.mark.parametrize("row", COUNTS, ids=lambda row: f"{row.kind} {row.path}")
def test_every_count_is_read(row: Count) -> None:
    tokens = normalise(holding(row.path, row.plus, value=7))
    assert getattr(tokens, row.kind) == (14 if row.plus else 7)
    if row.plus:
        assert getattr(normalise(holding(row.path, value=7)), row.kind) is None


@pytest.mark.parametrize("row", COSTS, ids=lambda row: f"{row.path}{row.only_if}")
def test_every_cost_is_read(row: Cost) -> None:
    usage = holding(row.path, row.plus, value=7)
    if row.only_if:
        usage[row.only_if] = True
    assert cost_of(usage) == (14 if row.plus else 7) * row.unit_usd


def test_every_row_says_who_when_and_where_from() -> None:
    rows: tuple[Place | Count | Cost, ...] = (*PLACES, *COUNTS, *COSTS)
    seen: list[Seen] = [*(row.seen for row in rows), *REASONING_OUTSIDE, *CACHE_OUTSIDE]
    for who, on, source in seen:
        assert who
        assert date(2024, 1, 1) < date.fromisoformat(on)
        assert re.match(r"https://|PyPI \S+ \d", source), source


def test_a_path_is_a_key_or_two() -> None:
    rows: tuple[Place | Count | Cost, ...] = (*PLACES, *COUNTS, *COSTS)
    for row in rows:
        assert re.fullmatch(r"\w+(\.\w+)?", row.path)


def test_a_tick_is_worth_what_xai_says() -> None:
    assert cost_of({"cost_in_usd_ticks": 37756000}) == Decimal("0.0037756")
