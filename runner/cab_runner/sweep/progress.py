"""What can be said of a sweep under way: the figures, and their JSON. Unknown is ``None``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cab_runner.sweep.events import AttemptStarted, EndpointLimit, to_json
from cab_scoring.aggregate import Aggregate
from cab_scoring.usage import usd

State = Literal["not started", "running", "stopping", "ended", "killed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What some of the sweep's attempts came to."""

    wanted: int | None
    complete: int
    counted: Aggregate
    spent: Aggregate
    """Tokens and money of all tries, void ones included."""
    estimated: bool
    """Some of the tokens are."""
    failed: Mapping[str, int]
    """Counted attempts in which something went wrong, by cause."""
    void: Mapping[str, int]
    """Tries by cause; those without a record too."""

    @property
    def tokens_complete(self) -> bool:
        """All tokens spent are known."""
        return self.spent.tokens_coverage in {None, 1}

    @property
    def cost_complete(self) -> bool:
        """All money spent is known."""
        return self.spent.cost_coverage in {None, 1}

    def to_json(self) -> dict[str, Any]:
        """The figures as a plain dict."""
        counted, spent = self.counted, self.spent
        return {
            "wanted": self.wanted,
            "complete": self.complete,
            "counted": counted.counted,
            "graded": counted.graded,
            "passed": counted.passed,
            "failed": counted.graded - counted.passed,
            "pass_rate": counted.pass_rate,
            "tokens_per_correct_task": counted.tokens_per_correct_task,
            "usd_per_correct_task": usd(counted.usd_per_correct_task),
            "tokens_coverage": counted.tokens_coverage,
            "cost_coverage": counted.cost_coverage,
            "tokens_spent": spent.tokens,
            "tokens_complete": self.tokens_complete,
            "tokens_estimated": self.estimated,
            "usd_spent": usd(spent.cost_usd),
            "cost_complete": self.cost_complete,
            "failures": dict(self.failed),
            "void": dict(self.void),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An agent with a model."""

    agent: str
    model: str
    simulated: bool
    figures: Figures

    def to_json(self) -> dict[str, Any]:
        """The line as a plain dict."""
        names = {"agent": self.agent, "model": self.model, "simulated": self.simulated}
        return {**names, **self.figures.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the sweep is."""

    sweep_id: str | None
    state: State
    resumed: bool
    n_concurrent: int | None
    running: tuple[AttemptStarted, ...]
    """The longest first."""
    waiting: int
    """Slots that wait for their next try."""
    given_up: int
    """Slots that need a ``--resume``."""
    cut_off: int
    """Tries that were under way when their runner died."""
    tries_again: int
    rate_per_min: float | None
    """Attempts completed a minute, of late; None before the first, and when nobody is at work."""
    eta_s: float | None
    """At this rate, in which tries that complete nothing have their part, but not before the last of those
    that wait is due."""
    limits: Mapping[str, EndpointLimit]
    """By endpoint."""
    suspended: Mapping[str, str]
    """Task → why."""
    why: str | None
    """Why it stops or stopped early."""
    total: Figures
    lines: tuple[Line, ...]

    def to_json(self) -> dict[str, Any]:
        """The same figures for machines; unknown is None."""
        plain = (
            *(
                "sweep_id",
                "state",
                "resumed",
                "n_concurrent",
                "waiting",
                "given_up",
                "cut_off",
                "tries_again",
            ),
            *("rate_per_min", "eta_s", "why"),
        )
        return {
            **{name: getattr(self, name) for name in plain},
            "running": [to_json(started) for started in self.running],
            "limits": {name: {"limit": each.limit, "why": each.why} for name, each in self.limits.items()},
            "suspended": dict(self.suspended),
            "total": self.total.to_json(),
            "lines": [line.to_json() for line in self.lines],
        }
