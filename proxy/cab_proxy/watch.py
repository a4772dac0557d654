"""What goes on now: the calls of a running proxy, added up as they come, for people and for Prometheus.

Contract: pure, standard library and :mod:`cab_proxy.records` only. All calls come from one thread. Calls are
counted as :mod:`cab_proxy.summary` counts them; the ledger stays the evidence.

Invariants
----------
* Unknown is ``None``, never 0. A sum knows how many calls it covers and its weakest source.
* Memory is bounded, whatever clients ask for. Of runs, :data:`MAX_RUNS` are remembered, and those that have
  calls in flight. A model has figures of its own once a call of it has succeeded, as long as it is one of the
  first :data:`MAX_MODELS`: with names that a client made up, nobody pushes the true ones out.
* What is shown of a client's words is clipped, and printable.
"""

from __future__ import annotations

import statistics
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Final

from .records import REFUSED_BY_PROXY, Record, printable, reached_endpoint, succeeded, weakness

MAX_RUNS: Final = 500
MAX_MODELS: Final = 50
OTHER: Final = "other"
"""The label of all models without figures of their own."""
NONE: Final = "none"
"""The label of what a call has none of."""
UNKNOWN: Final = "unknown"
"""The source of money that has none."""

KINDS: Final = ("input", "cached", "cache_write", "output", "reasoning")
TTFT_BOUNDS_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
DURATION_BOUNDS_S: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
OVERHEAD_BOUNDS_S: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 1.0)

_KEPT_TTFTS: Final = 32
_MAX_NAME: Final = 100
_TOKENS: Final = attrgetter(*KINDS)


class Sum:
    """A sum that knows how much of itself is known."""

    __slots__ = ("known", "source", "value")

    def __init__(self) -> None:
        self.value: Decimal | int | None = None
        self.known = 0
        """Number of calls that it covers."""
        self.source: str | None = None
        """The weakest source among them."""

    def add(self, value: Decimal | int, source: str) -> None:
        """Take in one call's figure."""
        self.value = value if self.value is None else self.value + value
        self.known += 1
        if self.source is None or (source != self.source and weakness(source) > weakness(self.source)):
            self.source = source


class Tally:
    """The calls of one run, or of all."""

    __slots__ = (
        "_ttfts",
        "calls",
        "cost_usd",
        "failed",
        "first_at",
        "in_flight",
        "input",
        "last_at",
        "model",
        "output",
        "refused",
    )

    def __init__(self, at: float) -> None:
        self.first_at = self.last_at = at
        """Unix times at which a call began first, and at which one began or ended last."""
        self.calls = 0
        """Model calls that went to the endpoint and ended."""
        self.in_flight = 0
        """Requests under way, also those that are no model calls."""
        self.failed = 0
        """Of the calls, those that the endpoint didn't answer in full."""
        self.refused = 0
        """Requests that the proxy answered itself; not in ``calls``."""
        self.input, self.output, self.cost_usd = Sum(), Sum(), Sum()
        self.model: str | None = None
        """The one of a run's last call: as answered, else as asked for."""
        self._ttfts: deque[float] = deque(maxlen=_KEPT_TTFTS)

    @property
    def ttft_ms(self) -> float | None:
        """Median time to the first token over the last calls where it is known."""
        return statistics.median(self._ttfts) if self._ttfts else None

    def add(self, record: Record) -> None:
        """Count a call that has ended."""
        if record.error_type in REFUSED_BY_PROXY:
            self.refused += 1
        elif record.protocol is not None:
            self.calls += 1
            if not succeeded(record):
                self.failed += 1
            if record.ttft_ms is not None:
                self._ttfts.append(record.ttft_ms)
            self.add_figures(record)

    def add_figures(self, record: Record) -> None:
        """Add what a call came to."""
        tokens, source = record.tokens, record.tokens_source
        if tokens.input is not None:
            self.input.add(tokens.input, source.input)
        if tokens.output is not None:
            self.output.add(tokens.output, source.output)
        if record.cost_usd is not None:
            self.cost_usd.add(record.cost_usd, record.cost_source or UNKNOWN)


class Histogram:
    """How many values lie where."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """Per bound, the values up to it and above the one before; last, those above all."""
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Take in one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class ModelFigures:
    """What the calls of one model came to."""

    __slots__ = ("cost_usd", "duration_s", "overhead_s", "tokens", "ttft_s", "with_cost", "with_tokens")

    def __init__(self) -> None:
        self.tokens: dict[tuple[str, str], int] = {}
        """By kind and source."""
        self.cost_usd: dict[str, Decimal] = {}
        """By source."""
        self.with_tokens = self.with_cost = 0
        """Calls whose total of tokens is known, and calls whose cost is."""
        self.ttft_s = Histogram(TTFT_BOUNDS_S)
        self.duration_s = Histogram(DURATION_BOUNDS_S)
        self.overhead_s = Histogram(OVERHEAD_BOUNDS_S)

    def add(self, record: Record) -> None:
        """Count a call that has ended."""
        if record.ttft_ms is not None:
            self.ttft_s.add(record.ttft_ms / 1000)
        if record.duration_ms is not None:
            self.duration_s.add(record.duration_ms / 1000)
        if record.proxy_overhead_ms is not None:
            self.overhead_s.add(record.proxy_overhead_ms / 1000)
        self.add_figures(record)

    def add_figures(self, record: Record) -> None:
        """Add what a call came to."""
        for kind, value in zip(KINDS, _TOKENS(record.tokens), strict=True):
            if value is not None:
                key = kind, getattr(record.tokens_source, kind)
                self.tokens[key] = self.tokens.get(key, 0) + value
        if record.tokens.total is not None:
            self.with_tokens += 1
        if record.cost_usd is not None:
            source = record.cost_source or UNKNOWN
            self.cost_usd[source] = self.cost_usd.get(source, Decimal(0)) + record.cost_usd
            self.with_cost += 1


class Watch:
    """All calls of a proxy: per run, per model, and in all."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.on_change: Callable[[], None] | None = None
        """Called whenever something has changed; it must be quick."""
        self.total = Tally(clock())
        self.models: dict[str, ModelFigures] = {}
        self.calls: dict[tuple[str, str, str, str], int] = {}
        """Requests that have ended, by model, protocol, class of status and error type."""
        self._runs: dict[str | None, Tally] = {}
        """The most recently active one last."""
        self._clock = clock

    def began(self, record: Record) -> None:
        """A request has its ``open`` line."""
        for tally in (self._touched(record), self.total):
            tally.in_flight += 1
        self._changed()

    def ended(self, record: Record) -> None:
        """A request that :meth:`began` has ended."""
        for tally in (self._touched(record), self.total):
            tally.in_flight -= 1
            tally.add(record)
        status = NONE if record.status is None else f"{record.status // 100}xx"
        key = (self._label(record), record.protocol or NONE, status, record.error_type or NONE)
        self.calls[key] = self.calls.get(key, 0) + 1
        if reached_endpoint(record):
            self._model(key[0]).add(record)
        self._changed()

    def completed(self, record: Record) -> None:
        """A call that :meth:`ended` without figures has them now."""
        for tally in (self._touched(record), self.total):
            tally.add_figures(record)
        self._model(self._label(record)).add_figures(record)
        self._changed()

    def recent(self, most: int) -> list[tuple[str | None, Tally]]:
        """The runs that were active last, in the order of their beginning."""
        last = list(self._runs.items())[-most:]
        return sorted(last, key=lambda run: run[1].first_at)

    def _touched(self, record: Record) -> Tally:
        """The tally of the record's run, as the most recently active one."""
        at = self._clock()
        tally = self._runs.pop(record.run_id, None)
        if tally is None:
            tally = Tally(at)
            self._forget()
        self._runs[record.run_id] = tally
        tally.last_at = self.total.last_at = at
        model = record.model_returned or record.model_requested
        if model is not None:
            tally.model = printable(model[:_MAX_NAME])
        return tally

    def _forget(self) -> None:
        """Make room for another run."""
        if len(self._runs) < MAX_RUNS:
            return
        for name, tally in self._runs.items():
            if not tally.in_flight:
                del self._runs[name]
                return

    def _label(self, record: Record) -> str:
        """The model's label: by the name that was asked for, which failed calls have too."""
        if record.model_requested is None:
            return NONE
        name = printable(record.model_requested[:_MAX_NAME])
        if name in self.models or (succeeded(record) and len(self.models) < MAX_MODELS):
            return name
        return OTHER

    def _model(self, label: str) -> ModelFigures:
        figures = self.models.get(label)
        if figures is None:
            figures = self.models[label] = ModelFigures()
        return figures

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()
