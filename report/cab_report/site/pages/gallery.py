"""The gallery: recordings to look at, chosen without regard to how they ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from typing import Any, Final

from cab_report.site import paths, player
from cab_report.site.content import Cell, Content, Site
from cab_report.site.parts import Page

CARDS: Final = 60
_LINES: Final = 8
_COLUMNS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A recording, and how it ends."""

    cell: Cell
    last_lines: str


def pages(site: Site) -> Iterator[Page]:
    """One a kind of attempts."""
    for kind, content in site.contents.items():
        yield Page(path=paths.gallery(kind), template="gallery.html", values=partial(_values, content))


def _values(content: Content) -> Mapping[str, Any]:
    recorded = [cell for cell in content.cells.values() if player.recorded(cell.shown.folder)]
    return {
        "kind": content.kind,
        "cards": [_card(cell) for cell in choose(recorded)],
        "recorded": len(recorded),
        "cells": len(content.cells),
    }


def choose(cells: Iterable[Cell], count: int = CARDS) -> list[Cell]:
    """The newest of each agent and category, then the second newest of each, until there are enough."""
    piles: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in sorted(cells, key=_started_at, reverse=True):
        piles[cell.agent, cell.task.partition("/")[0]].append(cell)
    return [cell for cell in chain(*zip_longest(*piles.values())) if cell is not None][:count]


def _started_at(cell: Cell) -> str:
    return str(cell.shown.run.started_at or "")


def _card(cell: Cell) -> Card:
    try:
        lines = player.last_lines(cell.shown.folder / player.CAST, _LINES)
    except OSError:
        lines = []
    return Card(cell=cell, last_lines="\n".join(line[:_COLUMNS] for line in lines))
