"""Any two agents that share a model: what each passes that the other doesn't, and what a correct task costs.

In tables, and in words too where they share only one model; a difference is said with its interval and with
whether it is more than chance explains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cab_report.results.differences import DifferenceRow
from cab_report.results.table import between, p_value, signed, times
from cab_report.site import paths
from cab_report.site.content import Cell, Content, Site
from cab_report.site.pages.model import LEVEL, stands
from cab_report.site.parts import Page
from cab_report.text import many
from cab_scoring.stats.intervals import FEWEST_RESAMPLED, UNKNOWN, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """Two agents at one task with one model."""

    model: str
    task: str
    a: Cell | None
    """None where it was not tried."""
    b: Cell | None
    difference: float | None
    """Share of passes of ``a`` less that of ``b``; None unless both have a verdict."""


def pages(site: Site) -> Iterator[Page]:
    """The choice of two, and a page of each two."""
    for kind, content in site.contents.items():
        yield Page(path=paths.compare(kind), template="compare_index.html", values=partial(_choice, content))
        for (a, b), rows in content.pairs.items():
            yield Page(
                path=paths.compare(kind, a, b),
                template="compare.html",
                values=partial(_values, content, a, b, rows),
            )


def duels(content: Content, a: str, b: str, models: Iterable[str]) -> list[Duel]:
    """Every task that either tried with a model of ``models``; where they differ most comes first."""
    tried: dict[tuple[str, str], dict[str, Cell]] = {}
    wanted = set(models)
    for cell in (*content.agents[a], *content.agents[b]):
        if cell.model in wanted:
            tried.setdefault((cell.model, cell.task), {})[cell.agent] = cell
    found = [
        Duel(
            model=model,
            task=task,
            a=cells.get(a),
            b=cells.get(b),
            difference=_difference(cells.get(a), cells.get(b)),
        )
        for (model, task), cells in tried.items()
    ]
    return sorted(found, key=lambda duel: (-abs(duel.difference or 0), duel.task, duel.model))


def _difference(a: Cell | None, b: Cell | None) -> float | None:
    if a is None or b is None or not a.graded or not b.graded:
        return None
    return a.passed / a.graded - b.passed / b.graded


def in_words(row: DifferenceRow, duels: Iterable[Duel], pairs: int) -> str:
    """Which of two agents passes more with a model; ``pairs`` is how many Holm's correction is for."""
    differences = [duel.difference for duel in duels]
    missing = differences.count(None)
    if row.pass_difference is None:
        return f"no task has a verdict of both, of {missing}."
    sign = -1 if row.pass_difference < 0 else 1
    better, other = (row.a, row.b)[::sign]
    more, fewer = (sum(way * (each or 0) > 0 for each in differences) for way in (sign, -sign))
    where = f"{better} passed {more} of {many(row.tasks, 'task')} more often than {other}, {fewer} less often"
    lacking = f" {many(missing, 'more task')} without a verdict of both." if missing else ""
    return f"{where}; {_how_sure(row, sign, pairs)}.{lacking}"


def _how_sure(row: DifferenceRow, sign: int, pairs: int) -> str:
    low, high = (
        None if end is None else sign * end for end in (row.pass_interval.low, row.pass_interval.high)[::sign]
    )
    size = f"{signed(abs(row.pass_difference or 0))} in pass@1"
    if row.p is None:
        return f"whether {size} is chance can't be said from {many(row.tasks, 'task')}"
    size = f"{size} (95 % {between(Interval(low, high), signed)})"
    if row.p >= LEVEL:
        return f"{size} is not distinguishable from chance"
    corrected = f"p {p_value(row.p_holm)} after Holm's correction for {many(pairs, 'pair')}"
    if stands(row):
        return f"{size} is more than chance explains, {corrected}"
    return f"{size} would be more than chance explains for this pair alone, but not among all: {corrected}"


def costs_in_words(row: DifferenceRow) -> str:
    """What a correct task costs the first of two agents, against the second."""
    if not row.tasks_both_solve:
        return "no task was solved by both."
    solved = f"over the {many(row.tasks_both_solve, 'task')} that both solve"
    refused = "; bills are not compared, since only one was served from a cache" if row.usd_refused else ""
    said = [
        f"{times(each.ratio)} the {unit}{_interval(each.interval)}"
        for each, unit in ((row.tokens_per_correct, "tokens"), (row.usd_per_correct, "USD"))
        if each.ratio is not None
    ]
    if not said:
        return f"{solved}, the cost is not known in full{refused}."
    few = "" if row.tasks_both_solve >= FEWEST_RESAMPLED else "; too few for an interval"
    return f"{solved}, {row.a} spent {' and '.join(said)} of {row.b}{few}{refused}."


def _interval(interval: Interval) -> str:
    return "" if interval == UNKNOWN else f" (95 % {between(interval, times)})"


def corrected_for(content: Content, model: str) -> int:
    """Pairs of agents with a model of which Holm's correction knows."""
    return sum(row.model == model and row.p is not None for row in content.differences)


def over_models(a: str, b: str, rows: Sequence[DifferenceRow]) -> str:
    """With how many models that two agents share which of them passes more."""
    better, worse = _standing(rows)
    found = " and ".join(
        f"{one} passes more often than {other} with {count} of {many(len(rows), 'model')}"
        for one, other, count in ((a, b, better), (b, a, worse))
        if count
    )
    if not found:
        found = f"Neither {a} nor {b} passes more often with any of {many(len(rows), 'model')}"
    rest = len(rows) - better - worse
    chance = f" With {rest} the difference may be chance." if 0 < rest < len(rows) else ""
    return f"{found}, by more than chance explains.{chance}"


def _standing(rows: Iterable[DifferenceRow]) -> tuple[int, int]:
    """With how many models the first of two agents passes more beyond chance, and the second."""
    found = [row.pass_difference or 0 for row in rows if stands(row)]
    return sum(each > 0 for each in found), sum(each < 0 for each in found)


def _choice(content: Content) -> Mapping[str, Any]:
    agents = sorted({agent for pair in content.pairs for agent in pair})
    won: dict[tuple[str, str], tuple[int, int]] = {}
    for (a, b), rows in content.pairs.items():
        won[a, b] = _standing(rows)
        won[b, a] = won[a, b][::-1]
    return {"kind": content.kind, "agents": agents, "won": won}


def _values(content: Content, a: str, b: str, rows: Sequence[DifferenceRow]) -> Mapping[str, Any]:
    found = duels(content, a, b, [row.model for row in rows])
    compared = [duel for duel in found if duel.difference is not None]
    return {
        "kind": content.kind,
        "a": a,
        "b": b,
        "rows": rows,
        "passes": in_words(rows[0], found, corrected_for(content, rows[0].model))
        if len(rows) == 1
        else over_models(a, b, rows),
        "estimated": any(
            content.summaries[agent, row.model]["tokens"].estimated for agent in (a, b) for row in rows
        ),
        "costs": costs_in_words(rows[0]) if len(rows) == 1 else None,
        "tables": {
            "Where they differ": [duel for duel in compared if duel.difference],
            "Where they did alike": [duel for duel in compared if not duel.difference],
            "Not compared: no verdict of both": [duel for duel in found if duel.difference is None],
        },
    }
