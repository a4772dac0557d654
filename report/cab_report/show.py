"""One attempt in a terminal, from 80 columns on: what its page has, without the outputs.

Everything of a record is plain text, never markup, and control characters in it are shown as such. Works
without the packages that pages and statistics need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from rich import box
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cab_proxy.records import encode
from cab_report.attempt import calls, failure_words, scores
from cab_report.attempt.evidence import Evidence, Span
from cab_report.attempt.scores import number, part
from cab_report.rows import UNKNOWN
from cab_report.text import milliseconds, one_line, visible

MOST: Final = 60
"""Spans, and model calls; their files have all."""
_DEEPEST: Final = 6
_NAME: Final = 38
_NARROWEST: Final = 0.02
"""What of a bar's width is always drawn."""
_VERDICTS: Final = {"passed": "bold green", "failed": "bold red"}


def render(attempt: Evidence, folder: Path) -> RenderableType:
    """The attempt whose folder was read, for rich's ``print``."""
    return Group(
        *_heading(attempt.cell),
        *_section("Axes", _axes(attempt.cell)),
        *_section("Time", _times(part(attempt.cell, "scores", "latency"))),
        *_section("Trace", *_trace(attempt)),
        *_section("Model calls", *_calls(attempt)),
        *_section("Files", *_files(attempt, folder)),
    )


def to_json(attempt: Evidence, folder: Path) -> dict[str, Any]:
    """The record and every line's end of the ledger, for machines."""
    return {
        "folder": str(folder),
        "cell": attempt.cell,
        "calls": [orjson.loads(encode(call)) for call in attempt.ledger.calls],
    }


def _heading(cell: Mapping[str, Any]) -> Iterator[Text]:
    identity, failure = part(cell, "identity"), part(cell, "failure")
    agent = " ".join(str(identity[key]) for key in ("agent", "agent_version") if identity.get(key))
    about = [agent, str(identity.get("model")), str(identity.get("task"))]
    yield Text(" · ".join(one_line(text, 200) for text in about), style="bold")
    kind = "simulated " if identity.get("simulated") else "provisional " if cell.get("provisional") else ""
    facts = {
        f"{kind}attempt": f"{identity.get('attempt')} of {identity.get('cell_id')}",
        "run": identity.get("run_id"),
        "sandbox": identity.get("sandbox"),
        "started": part(cell, "timing").get("started_at"),
    }
    known = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
    yield Text(one_line(known, 600), style="dim")
    verdict = scores.scores(cell)[0]
    words = [verdict.value or "no verdict", *([verdict.note] if verdict.note else [])]
    yield Text(one_line(": ".join(words), 600), style=_VERDICTS.get(verdict.value or "", "bold yellow"))
    if failure:
        said = failure_words.banner(str(failure.get("cause")))
        detail = failure.get("detail")
        yield Text(one_line(f"{said} {f'({detail})' if detail else ''}", 600), style="yellow")


def _section(title: str, *parts: RenderableType) -> Iterator[RenderableType]:
    yield Text(f"\n{title}", style="bold")
    yield from parts


def _axes(cell: Mapping[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    made = scores.composite(cell)
    rows = [(each.name, each.value, each.note) for each in scores.scores(cell)[1:]]
    for name, value, note in (*rows, ("composite", made.value, made.note)):
        grid.add_row(
            Text(name),
            Text(visible(value or UNKNOWN), justify="right"),
            Text(one_line(note or "", 600), style="dim"),
        )
    return grid


def _times(latency: Mapping[str, Any]) -> Table:
    """The wall time, and within the container's the two parts of it, one after the other."""
    model, agent = number(latency.get("model_time_ms")), number(latency.get("agent_ms"))
    whole = (model or 0) + (agent or 0)
    grid = _bars()
    grid.add_row(Text("wall"), Text(milliseconds(number(latency.get("wall_clock_ms")))), Text())
    for name, took, begin in (("model", model, 0.0), ("agent", agent, model or 0.0)):
        drawn = Text("not recorded", style="dim") if took is None else _bar(begin, took, whole)
        grid.add_row(Text(name), Text(milliseconds(took)), drawn)
    return grid


def _trace(attempt: Evidence) -> Iterator[RenderableType]:
    if attempt.trace_missing:
        yield Text(visible(attempt.trace_missing), style="dim")
        return
    whole = max(span.start_ms + (span.duration_ms or 0) for span in attempt.trace)
    grid = _bars()
    for depth, span in _tree(attempt.trace)[:MOST]:
        indent = "  " * min(depth, _DEEPEST)
        name = one_line(f"{span.kind} {span.name}", _NAME - len(indent))
        took = "never ended" if span.duration_ms is None else milliseconds(span.duration_ms)
        length = whole - span.start_ms if span.duration_ms is None else span.duration_ms
        grid.add_row(
            Text(indent + name, style="red" if span.error else ""),
            Text(f"{_tokens(span)}{took}"),
            _bar(span.start_ms, length, whole),
        )
    yield grid
    yield from _more(len(attempt.trace) - MOST, "spans: trace.jsonl has them")
    yield from (
        Text(one_line(f"trace.jsonl: {problem}", 200), style="yellow") for problem in attempt.trace_problems
    )


def _tree(trace: Sequence[Span]) -> list[tuple[int, Span]]:
    """Each span once, with its depth, below its parent; whose parent is not there, at the top."""
    known = {span.span_id for span in trace}
    below: dict[str | None, list[Span]] = defaultdict(list)
    for span in trace:
        below[span.parent_id if span.parent_id in known else None].append(span)
    found = []
    rest = [(0, span) for span in reversed(below.pop(None, []))]
    while rest or below:
        if not rest:  # spans that are their own ancestors
            rest = [(0, span) for span in reversed(below.pop(next(iter(below))))]
        depth, span = rest.pop()
        found.append((depth, span))
        rest += [(depth + 1, child) for child in reversed(below.pop(span.span_id, []))]
    return found


def _tokens(span: Span) -> str:
    given, made = (number(span.attrs.get(f"{name}_tokens")) for name in ("prompt", "completion"))
    if span.kind != "model_call":
        return ""
    return f"{UNKNOWN if given is None else f'{given:,}'} → {UNKNOWN if made is None else f'{made:,}'}  "


def _calls(attempt: Evidence) -> Iterator[RenderableType]:
    """The columns of a cell's page, two to each of the terminal's."""
    ledger = attempt.ledger
    if ledger.missing:
        yield Text(visible(ledger.missing), style="dim")
        return
    found = calls.of_models(ledger.calls)
    if not found:
        yield Text("none", style="dim")
    else:
        grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        grid.add_column("time (UTC)\nrequest hash", no_wrap=True)
        for heads in ("prompt\ncompletion", "cached\nreasoning", "latency\nTTFT"):
            grid.add_column(heads, justify="right", no_wrap=True)
        grid.add_column("finish\nanswer", overflow="fold")
        grid.add_column("source\npurpose", overflow="fold")
        for row in calls.rows(found)[:MOST]:
            grid.add_row(
                *(
                    Text("\n".join(one_line(text or UNKNOWN, 60) for text in pair))
                    for pair in (
                        (row.clock, (row.request_hash or UNKNOWN)[:12]),
                        (row.input, row.output),
                        (row.cached, row.reasoning),
                        (row.latency, row.ttft),
                        (row.finish, row.ended),
                        (row.source, row.purpose),
                    )
                )
            )
        yield grid
    yield from _more(len(found) - MOST, "calls: calls.jsonl has them")
    yield from (Text(one_line(f"calls.jsonl: {problem}", 200), style="yellow") for problem in ledger.problems)


def _files(attempt: Evidence, folder: Path) -> Iterator[Text]:
    yield Text(visible(folder))
    there = [file.name for file in attempt.files if file.path]
    yield Text(", ".join(there), style="dim")
    yield from (
        Text(visible(file.missing), style="dim")
        for file in attempt.files
        if file.missing and file.size_bytes is not None
    )


def _more(left_out: int, what: str) -> Iterator[Text]:
    if left_out > 0:
        yield Text(f"… {left_out} more {what}", style="dim")


def _bars() -> Table:
    """Names, figures, and bars over what width is left."""
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(ratio=1, min_width=10)
    return grid


def _bar(begin: float, length: float, whole: float) -> Bar:
    size = whole or 1.0
    begin = min(begin, size * (1 - _NARROWEST))
    return Bar(size, begin, max(begin + length, begin + size * _NARROWEST))
