"""What each agent makes of its tokens, over all models: claims, waste, and prompts of its own.

Sums are over the counted attempts where both parts of a ratio are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import get_args

from cab_report.results.groups import Group
from cab_report.results.runs import SELF_REPORTED, Kind, Run
from cab_report.results.table import MARKS, THESE_ATTEMPTS, Figure, Table, percent
from cab_scoring.meter import Blame


@dataclass(frozen=True, slots=True, kw_only=True)
class EconomyRow:
    """One agent."""

    kind: Kind
    agent: str
    attempts: int
    """Counted ones."""
    claims: int
    """Attempts whose claimed and served tokens are both known."""
    self_report_error: Mapping[str, float | None]
    """Median of claimed / served − 1, by kind of token."""
    lowest_error: float | None
    """Of all tokens of an attempt, as is ``highest_error``."""
    highest_error: float | None
    waste_tokens: float | None
    """Share of tokens in calls that failed, were aborted, or asked again what had been answered."""
    waste_time: float | None
    """Share of the time spent waiting for the model in such calls."""
    waste_by_fault: Mapping[str, float | None]
    """Parts of ``waste_tokens``; a duplicate may be sampling."""
    harness_tax: float | None
    """Share of system prompts and tool schemas in what was sent."""


def economy(groups: Iterable[Group]) -> Table[EconomyRow]:
    """The table of it."""
    by_agent: dict[tuple[Kind, str], list[Run]] = defaultdict(list)
    for group in groups:
        by_agent[group.family.kind, group.agent] += group.runs
    return Table(
        name="economy",
        title="Self-report, waste and harness tax of each agent",
        rows=tuple(_row(kind, agent, runs) for (kind, agent), runs in by_agent.items()),
        names=(Figure("agent", lambda row: f"{row.agent}{MARKS[row.kind]}"),),
        figures=(
            (
                Figure("attempts", lambda row: str(row.attempts)),
                Figure("claims", lambda row: str(row.claims)),
            ),
            (
                Figure("claim off by", lambda row: percent(row.self_report_error["total"])),
                Figure("least", lambda row: percent(row.lowest_error)),
                Figure("most", lambda row: percent(row.highest_error)),
                Figure("input", lambda row: percent(row.self_report_error["input"])),
                Figure("output", lambda row: percent(row.self_report_error["output"])),
            ),
            (
                Figure("waste", lambda row: percent(row.waste_tokens)),
                Figure("of time", lambda row: percent(row.waste_time)),
            ),
            (_of_fault("agent"), _of_fault("endpoint")),
            (_of_fault("user"), _of_fault("duplicate")),
            (Figure("tax", lambda row: percent(row.harness_tax)),),
        ),
        estimates=THESE_ATTEMPTS,
        notes=(
            "A claim is off by claimed / served − 1: the median over attempts",
            "Waste is the share of tokens in calls that failed, were aborted, or asked again what had been "
            "answered, which may be sampling on purpose",
            "Tax is the share of system prompts and tool schemas in what was sent",
        ),
    )


def _of_fault(fault: Blame) -> Figure[EconomyRow]:
    return Figure(
        "duplicates" if fault == "duplicate" else f"{fault}'s", lambda row: percent(row.waste_by_fault[fault])
    )


def _row(kind: Kind, agent: str, runs: Sequence[Run]) -> EconomyRow:
    errors = {
        name: [error for run in runs if (error := run.self_report_error[name]) is not None]
        for name in SELF_REPORTED
    }
    spent = [run for run in runs if run.sums.tokens_complete and run.waste_complete]
    timed = [(run.waste_ms, run.model_ms) for run in runs if run.waste_ms is not None and run.model_ms]
    asked = [run for run in runs if run.prompt_tokens is not None]
    whole = sum(run.sums.tokens or 0 for run in spent)
    return EconomyRow(
        kind=kind,
        agent=agent,
        attempts=len(runs),
        claims=len(errors["total"]),
        self_report_error={name: median(each) if each else None for name, each in errors.items()},
        lowest_error=min(errors["total"], default=None),
        highest_error=max(errors["total"], default=None),
        waste_tokens=_part([run.waste_tokens for run in spent], whole),
        waste_time=_part([waste for waste, _ in timed], sum(whole for _, whole in timed)),
        waste_by_fault={
            fault: _part([run.waste_by_fault.get(fault, 0) for run in spent], whole)
            for fault in get_args(Blame)
        },
        harness_tax=_part(
            [run.own_prompt_tokens for run in asked], sum(run.prompt_tokens or 0 for run in asked)
        ),
    )


def _part(amounts: Iterable[float | None], whole: float) -> float | None:
    return sum(amount or 0 for amount in amounts) / whole if whole else None
