"""From figures to tables. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Data = dict[str, Any]


def text(result: Data, derived: Data) -> str:
    """The whole report, as Markdown that reads well in a terminal too."""
    over = f"{result['plan']['connections']} connections"
    parts = ["# Relays side by side\n", _about(result)]
    for size, rows in derived["plain"].items():
        parts.append(_section(f"Plain calls, request of {int(size):,} bytes, {over}", rows, _PLAIN))
    for model, rows in derived["latency"].items():
        what = "one call" if model == "plain" else "first event of a stream"
        parts.append(_section(f"One connection: {what}, request of 17,000 bytes", rows, _LATENCY))
    if derived["streams"]:
        parts.append(_section(f"Streams of 64 events, unpaced, {over}", derived["streams"], _STREAMS))
    for concurrent, rows in derived["paced"].items():
        title = f"Streams with an event every 20 ms, {int(concurrent):,} at once"
        parts.append(_section(title, rows, _PACED))
    if derived["memory"]:
        title = "Memory while a large body passes, to a client that pauses for a second"
        cases = {f"{name}, {case}": one for name, of in derived["memory"].items() for case, one in of.items()}
        parts.append(_section(title, cases, _MEMORY))
    parts.append(_aims(derived["aims"]))
    return "\n".join(parts)


Column = tuple[str, Callable[[Data], str]]


def _number(key: str, digits: int = 0, sign: str = "") -> Callable[[Data], str]:
    def shown(one: Data) -> str:
        value = one.get(key)
        return "–" if value is None else f"{value:{sign},.{digits}f}"

    return shown


def _percent(key: str) -> Callable[[Data], str]:
    return lambda one: "–" if one.get(key) is None else f"{one[key]:.1%}"


_PLAIN: Final[tuple[Column, ...]] = (
    ("requests/s", _number("per_s")),
    ("× nginx", _number("to_nginx", 3)),
    ("cab-proxy is ×", _number("ours_to_this", 2)),
    ("CPU µs/request", _number("cpu_us", 1)),
    ("p99 ms", _number("p99_ms", 2)),
    ("failed", _number("failed")),
    ("in ledger with usage", _percent("metered")),
)
_LATENCY: Final[tuple[Column, ...]] = (
    ("p50 µs", _number("p50_us")),
    ("p99 µs", _number("p99_us")),
    ("added p50 µs", _number("added_p50_us", 0, "+")),
    ("added p99 µs", _number("added_p99_us", 0, "+")),
    ("added p50 × nginx", _number("to_nginx", 2)),
    ("pairs", _number("rounds")),
)
_STREAMS: Final[tuple[Column, ...]] = (
    ("streams/s", _number("per_s")),
    ("events/s", _number("events_per_s")),
    ("× nginx", _number("to_nginx", 3)),
    ("cab-proxy is ×", _number("ours_to_this", 2)),
    ("CPU µs/stream", _number("cpu_us", 1)),
    ("failed", _number("failed")),
    ("faults", _number("faults")),
    ("of checked", _number("checked")),
    ("in ledger with usage", _percent("metered")),
)
_PACED: Final[tuple[Column, ...]] = (
    ("arrived", _percent("arrived")),
    ("faults", _number("faults")),
    ("unfinished", _number("unfinished")),
    ("added TTFT p50 ms", _number("added_ttft_p50_ms", 2, "+")),
    ("added TTFT p99 ms", _number("added_ttft_p99_ms", 2, "+")),
    ("gap p50 ms", _number("gap_p50_ms", 2)),
    ("gap p99 ms", _number("gap_p99_ms", 2)),
    ("added gap p99 ms", _number("added_gap_p99_ms", 2, "+")),
    ("CPU ms/1,000 events", _number("cpu_ms_per_1000", 1)),
    ("peak RSS MB", _number("rss_mb")),
)
_MEMORY: Final[tuple[Column, ...]] = (
    ("before MB", _number("before_mb", 1)),
    ("peak MB", _number("peak_mb", 1)),
    ("growth MB", _number("growth_mb", 1)),
    ("received bytes", _number("received_bytes")),
    ("unchanged", lambda one: "yes" if one["unchanged"] else "NO"),
)


def _section(title: str, rows: Mapping[str, Data], columns: Sequence[Column]) -> str:
    head = ("", *(name for name, _ in columns))
    lines = [(name, *(shown(one) for _, shown in columns)) for name, one in rows.items()]
    return f"## {title}\n\n{table(head, lines)}\n"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table with aligned columns: the first to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]

    def row(cells: Sequence[str]) -> str:
        first, *rest = cells
        shown = [first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(rest, widths[1:], strict=True))]
        return f"| {' | '.join(shown)} |"

    rule = [f":{'-' * (widths[0] - 1) or '-'}", *(f"{'-' * (w - 1)}:" for w in widths[1:])]
    return "\n".join([row(head), f"| {' | '.join(rule)} |", *map(row, lines)])


def _about(result: Data) -> str:
    box, plan = result["machine"], result["plan"]
    run = (
        f"{result['at']}, {result.get('minutes', '?')} minutes, seed {plan['seed']}, {plan['rounds']} rounds"
    )
    if result["quick"]:
        run += ", quick: a look, no result"
    on = f"{box['cpu']}, {box['cores']} cores, {box['memory_gb']} GB, {box['kernel']}, Python {box['python']}"
    on += f", load before {box['load_before']}"
    if result["pinned"]:
        on += ", relays pinned to the last core"
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    if result["left_out"]:
        versions += f"; left out, not installed: {', '.join(result['left_out'])}"
    failed = [f"{name} failed: {why}" for name, why in result["measured"]["failed"].items()]
    return "\n".join(f"- {line}" for line in (run, on, versions, *failed)) + "\n"


def _aims(found: Sequence[Data]) -> str:
    says = {True: "reached", False: "MISSED", None: "not measured"}
    lines = [(aim["what"], aim["wanted"], _number("found", 2)(aim), says[aim["met"]]) for aim in found]
    return f"## To be reached\n\n{table(('', 'wanted', 'found', ''), lines)}\n"
