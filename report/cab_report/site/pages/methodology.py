"""How attempts are scored, in the numbers that the scoring code itself works with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from cab_report.results.axes import AXES
from cab_report.results.runs import Kind
from cab_report.site import paths
from cab_report.site.charts import curve
from cab_report.site.content import Site
from cab_report.site.parts import Page
from cab_scoring import composite, failure, usage

_WALL_MS: Final = {1_000: "1 s", 10_000: "10 s", 60_000: "1 min", 600_000: "10 min", 3_600_000: "1 h"}
_TOKENS: Final = {
    10**n: text for n, text in zip(range(3, 9), ("1k", "10k", "100k", "1M", "10M", "100M"), strict=True)
}


def pages(site: Site) -> Iterator[Page]:
    """The one page, the same for every kind of attempts."""
    yield Page(path=paths.METHODOLOGY, template="methodology.html", values=partial(_values, site.main_kind))


def _values(kind: Kind) -> Mapping[str, Any]:
    wall, cost = composite.latency_efficiency, composite.cost_efficiency
    return {
        "kind": kind,
        "axes": AXES.values(),
        "weights": composite.WEIGHTS,
        "methodologies": list(composite.METHODOLOGIES.values()),
        "missed_refusal": composite.MISSED_REFUSAL_FACTOR,
        "scale": f"{composite.LATENCY_SCALE_MS / 1000:g} s",
        "scale_ms": composite.LATENCY_SCALE_MS,
        "cheap": composite.CHEAP_TOKENS,
        "decades": composite.COST_DECADES,
        "dear": composite.CHEAP_TOKENS * 10**composite.COST_DECADES,
        "token_weights": {
            "uncached input": (
                1.0,
                "what the others are measured in; all input, where an endpoint reports no cache",
            ),
            "cached input": (usage.CACHED_WEIGHT, "read from the endpoint's cache"),
            "input written to the cache": (usage.CACHE_WRITE_WEIGHT, "where the endpoint bills that apart"),
            "output": (usage.OUTPUT_WEIGHT, "reasoning included"),
        },
        "failures": failure.FAILURES.values(),
        "wall_chart": curve.chart(wall, _WALL_MS, "wall time", "latency_efficiency"),
        "wall_points": [(text, wall(at)) for at, text in _WALL_MS.items()],
        "cost_chart": curve.chart(cost, _TOKENS, "effective tokens", "cost_efficiency"),
        "cost_points": [(text, cost(at)) for at, text in _TOKENS.items()],
    }
