"""One line of a results table, out of a cell record; and the text of its figures.

Unknown is None in a :class:`Row` and ``–`` in its text, never 0. A figure that covers only some of the
calls is shown with ``≥``, one that rests on an estimate with ``~``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final, Self

UNKNOWN: Final = "–"
LOWER_BOUND: Final = "≥"
ESTIMATE: Final = "~"
_SMALLEST_SHOWN_USD: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The headline figures of one attempt."""

    agent: str
    model: str
    task: str
    simulated: bool
    provisional: bool
    passed: int | None
    cause: str | None
    """Of the failure table; None when nothing went wrong."""
    void: bool
    composite: float | None
    composite_bounds: tuple[float, float] | None
    """None for a void attempt only."""
    calls: int
    input_tokens: int | None
    output_tokens: int | None
    input_source: str
    output_source: str
    coverage: float | None
    cost_usd: str | None
    cost_coverage: float | None
    wall_s: float | None
    model_s: float | None
    blast_radius: float | None

    @classmethod
    def from_cell(cls, cell: Mapping[str, Any]) -> Self:
        """The row of a cell record."""
        identity, scores, meter, failure = cell["identity"], cell["scores"], cell["meter"], cell["failure"]
        tokens, latency, composite = scores["tokens"], scores["latency"], scores["composite"]
        bounds = composite["composite_bounds"]
        return cls(
            agent=identity["agent"],
            model=identity["model"],
            task=identity["task"],
            simulated=identity["simulated"],
            provisional=cell["provisional"],
            passed=scores["pass_rate"]["pass"],
            cause=failure and failure["cause"],
            void=failure is not None and not failure["counted"],
            composite=composite["composite"],
            composite_bounds=bounds and (bounds[0], bounds[1]),
            calls=tokens["model_calls"],
            input_tokens=tokens["prompt_tokens"],
            output_tokens=tokens["completion_tokens"],
            input_source=meter["sources"]["input"],
            output_source=meter["sources"]["output"],
            coverage=tokens["coverage"],
            cost_usd=tokens["cost_usd"],
            cost_coverage=tokens["cost_coverage"],
            wall_s=_seconds(latency["wall_clock_ms"]),
            model_s=_seconds(latency["model_call_ms"]),
            blast_radius=scores["blast_radius"]["blast_radius"],
        )

    def to_json(self) -> dict[str, Any]:
        """The fields as a plain dict."""
        bounds = self.composite_bounds
        return {**asdict(self), "composite_bounds": bounds and list(bounds)}


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A row as text."""

    agent: str
    model: str
    task: str
    passed: str
    score: str
    calls: str
    input: str
    output: str
    cost: str
    wall_s: str
    model_s: str
    blast: str


def words(row: Row) -> Words:
    """The row as people read it."""
    complete = row.coverage in {None, 1}
    return Words(
        agent=row.agent,
        model=f"{row.model} (sim)" if row.simulated else row.model,
        task=row.task,
        passed={1: "yes", 0: "no", None: UNKNOWN}[row.passed],
        score=_score(row),
        calls=str(row.calls),
        input=_tokens(row.input_tokens, row.input_source, complete=complete),
        output=_tokens(row.output_tokens, row.output_source, complete=complete),
        cost=_cost(row.cost_usd, complete=row.cost_coverage in {None, 1}),
        wall_s=_number(row.wall_s, 1),
        model_s=_number(row.model_s, 1),
        blast=_number(row.blast_radius, 2),
    )


def _score(row: Row) -> str:
    if row.void or row.composite_bounds is None:
        return f"void: {row.cause}"
    if row.composite is not None:
        score = f"{row.composite:.3f}"
    else:
        score = "{:.3f}–{:.3f}".format(*row.composite_bounds)
    marks = ["provisional"] if row.provisional else []
    marks += [row.cause] if row.cause else []
    return " ".join([score, *marks])


def _tokens(count: int | None, source: str, *, complete: bool) -> str:
    if count is None:
        return UNKNOWN
    bound = "" if complete else LOWER_BOUND
    return f"{bound}{ESTIMATE if source == 'estimated' else ''}{count:,}"


def _cost(amount: str | None, *, complete: bool) -> str:
    if amount is None:
        return UNKNOWN
    usd = Decimal(amount)
    if complete and 0 < usd < _SMALLEST_SHOWN_USD:
        return f"<${_SMALLEST_SHOWN_USD}"
    return f"{'' if complete else LOWER_BOUND}${usd:,.4f}"


def _number(value: float | None, decimals: int) -> str:
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"
