"""The admin address: whether the proxy can do its work, and its figures for Prometheus.

``GET /healthz`` → 200, or 503 with the problem where no call could be recorded; ``GET /metrics`` → text, or
OpenMetrics for those who accept it. Never on an address that models are called at. Nothing here needs a
credential or shows one; models' names and amounts are shown to whoever reaches it.

Invariants: unknown is absent, never 0. Labels are few, whatever clients send (see :mod:`cab_proxy.watch`);
runs are no label, since there is no end to them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from .errors import ConfigError
from .service import bind_socket
from .watch import Histogram, Watch

Check = Callable[[], str | None]
"""Why no call could be recorded now; ``None`` where it could."""

_HISTOGRAMS: Final = (
    ("cab_ttft_seconds", "From the request written upstream to the first token.", "ttft_s"),
    ("cab_duration_seconds", "From the request's arrival to the last byte of its response.", "duration_s"),
    ("cab_proxy_overhead_seconds", "Part of the duration that the proxy itself took.", "overhead_s"),
)


class AdminServer:
    """Serves one :class:`~cab_proxy.watch.Watch`."""

    def __init__(self, watch: Watch, check: Check) -> None:
        self._watch = watch
        self._check = check
        self._path: Path | None = None
        app = web.Application()
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self, where: tuple[str, int] | Path) -> str:
        """Listen at an address or at a path. Returns it, as a URL if it is an address. Raises
        :class:`ConfigError` when it can't be had.
        """
        await self._runner.setup()
        try:
            if isinstance(where, Path):
                await web.SockSite(self._runner, bind_socket(where)).start()
                self._path = where
                return str(where)
            await web.TCPSite(self._runner, *where).start()
        except (OSError, OverflowError) as error:
            name = where if isinstance(where, Path) else ":".join(map(str, where))
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"admin address {name} can't be had: {reason}") from None
        host, port, *_ = self._runner.addresses[0]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop, and remove the socket."""
        await self._runner.cleanup()
        if self._path is not None:
            await asyncio.to_thread(self._path.unlink, missing_ok=True)

    async def _health(self, _request: web.Request) -> web.Response:
        problem = self._check()
        if problem is None:
            return web.json_response({"status": "ok"})
        return web.json_response({"status": "failing", "problem": problem}, status=503)

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(",".join(request.headers.getall("Accept", [])))
        families = Families(metrics(self._watch, self._check))
        body = await asyncio.to_thread(encode, families)
        return web.Response(body=body, headers={"Content-Type": content_type})


class Families:
    """Metrics at one moment, as encoders want them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self._families


def metrics(watch: Watch, check: Check) -> Iterator[Metric]:
    """A proxy's figures, since its start."""
    calls = CounterMetricFamily(
        "cab_calls",
        "Requests that were recorded and have ended, refused ones included; no model call has protocol none.",
        labels=("model", "protocol", "status", "error_type"),
    )
    for labels, count in watch.calls.items():
        calls.add_metric(labels, count)
    yield calls
    tokens = CounterMetricFamily(
        "cab_tokens",
        "Tokens of model calls. cached and cache_write are parts of input, reasoning is one of output.",
        labels=("model", "kind", "source"),
    )
    cost = CounterMetricFamily(
        "cab_cost_usd", "US dollars that model calls cost.", labels=("model", "source")
    )
    with_tokens = CounterMetricFamily(
        "cab_calls_with_tokens", "Calls whose tokens are known.", labels=("model",)
    )
    with_cost = CounterMetricFamily("cab_calls_with_cost", "Calls whose cost is known.", labels=("model",))
    histograms = [HistogramMetricFamily(name, help_, labels=("model",)) for name, help_, _ in _HISTOGRAMS]
    for model, figures in watch.models.items():
        for (kind, source), value in figures.tokens.items():
            tokens.add_metric((model, kind, source), value)
        for source, usd in figures.cost_usd.items():
            cost.add_metric((model, source), float(usd))
        with_tokens.add_metric((model,), figures.with_tokens)
        with_cost.add_metric((model,), figures.with_cost)
        for family, (_, _, name) in zip(histograms, _HISTOGRAMS, strict=True):
            histogram: Histogram = getattr(figures, name)
            family.add_metric((model,), _buckets(histogram), histogram.sum)
    yield from (tokens, cost, with_tokens, with_cost, *histograms)
    yield GaugeMetricFamily("cab_in_flight", "Requests under way.", watch.total.in_flight)
    yield GaugeMetricFamily(
        "cab_ledger_writable", "1 where another call could be recorded, else 0.", int(check() is None)
    )


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """How many values lie up to each bound."""
    bounds = (*map(str, histogram.bounds), "+Inf")
    return list(zip(bounds, accumulate(histogram.counts), strict=True))
