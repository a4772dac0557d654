"""One attempt in a terminal."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cab_proxy.records import Chain, Record
from cab_report import show
from cab_report.attempt import evidence
from cab_report.attempt.evidence import Span
from fakes.evidence import call, failed_call
from fakes.many_cells import attempt, write


def span(
    span_id: str, parent: str | None, kind: str, second: float, took_ms: float | None, **more: Any
) -> dict[str, Any]:
    return {
        "span_id": span_id, "parent_id": parent, "kind": kind, "name": f"name-{span_id}",
        "started_at": f"2026-07-01T12:00:{second:09.6f}Z", "duration_ms": took_ms, "attrs": {}, "error": None,
    } | more  # fmt: skip


TRACE = (
    span("a", None, "adapter_run", 0, 10_000),
    span("b", "a", "container", 1, 8_000),
    span("c", "b", "model_call", 2, 500, attrs={"prompt_tokens": 1000, "completion_tokens": 100}),
    span("d", "b", "model_call", 6, None, error="upstream_error"),
    span("e", None, "grade", 10, 2_000),
)


def recorded(folder: Path, *calls: Record, trace: tuple[dict[str, Any], ...] = TRACE, **cell: Any) -> Path:
    """An attempt's folder."""
    write(folder, [attempt(**cell)])
    [path] = folder.rglob("cell.json")
    chain = Chain()
    (path.parent / "calls.jsonl").write_bytes(b"".join(map(chain.link, calls)))
    (path.parent / "trace.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in trace))
    return path.parent


def shown(folder: Path, width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(show.render(evidence.read(folder), folder))
    return out.getvalue()


def test_everything_in_80_columns(tmp_path: Path) -> None:
    calls = call(request_hash="ab" * 32, finish_reasons=("stop",), purpose="main"), failed_call(500, at_s=1)
    text = shown(recorded(tmp_path, *calls))
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith("aider 1 · small-1 · mutations/swap\nattempt ")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "passed" in lines
    assert "tokens 1,100" in lines
    assert "integrity – does not apply to this task" in lines
    assert any(line.startswith("wall 10.0 s") for line in lines)
    assert "12:00:00.000 1,000 – 500 ms stop reported" in lines
    assert "abababababab 100 – – 200 main" in lines
    assert any("500: upstream_error" in line for line in lines)
    assert "cell.json, calls.jsonl, trace.jsonl" in lines


def test_spans_are_indented_and_drawn_to_scale(tmp_path: Path) -> None:
    lines = shown(recorded(tmp_path)).splitlines()
    first = lines.index("Trace") + 1
    trace = lines[first : first + 5]
    assert [line.split("name-")[0] for line in trace] == [
        "adapter_run ", "  container ", "    model_call ", "    model_call ", "grade ",
    ]  # fmt: skip
    assert "1,000 → 100  500 ms" in trace[2]
    assert "– → –  never ended" in trace[3]
    bars = [line.count("█") for line in trace]
    assert bars[0] > bars[1] > bars[3] > bars[2]
    assert trace[4].index("█") >= trace[0].rindex("█")


def test_a_void_attempt_says_whose_fault_it_was(tmp_path: Path) -> None:
    text = shown(recorded(tmp_path, fault="rate_limited", kind="simulated"))
    assert "simulated attempt" in text
    assert "no verdict: void (rate limited): it counts nowhere" in text
    assert "infrastructure, not capability. (the endpoint's last word" in " ".join(text.split())


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    folder = recorded(tmp_path)
    for name in ("calls.jsonl", "trace.jsonl"):
        (folder / name).unlink()
    text = shown(folder)
    assert "not recorded: the attempt left no trace.jsonl" in text
    assert "not recorded: the attempt left no calls.jsonl" in text
    cell = json.loads((folder / "cell.json").read_text())
    cell["scores"]["latency"]["agent_ms"] = None
    (folder / "cell.json").write_text(json.dumps(cell))
    assert "agent – not recorded" in " ".join(shown(folder).split())
    (folder / "cell.json").write_text("{}")
    assert "no verdict" in shown(folder)


def test_of_many_the_first_are_shown(tmp_path: Path) -> None:
    many = tuple(span(str(at), None, "tool_call", at % 60, 1) for at in range(show.MOST + 2))
    folder = recorded(tmp_path, *(call(at_s=at) for at in range(show.MOST + 1)), trace=many)
    text = shown(folder)
    assert "… 2 more spans: trace.jsonl has them" in text
    assert "… 1 more calls: calls.jsonl has them" in text


def test_text_of_a_record_is_text(tmp_path: Path) -> None:
    name = "[bold]x[/]\x1b[31m\u202e"
    trace = (span("a", None, "grade", 0, 1, name=name),)
    folder = recorded(tmp_path, call(finish_reasons=(name,)), agent=name, trace=trace)
    text = shown(folder, width=200)
    assert text.count("[bold]x[/]␛[31m\ufffd") >= 3
    assert "\x1b" not in text


def test_a_tree_has_each_span_once_whatever_its_parents() -> None:
    def at(span_id: str, parent: str | None) -> Span:
        return Span(
            span_id=span_id, parent_id=parent, kind="k", name="n",
            start_ms=0, duration_ms=0, error=None, attrs={},
        )  # fmt: skip

    trace = [
        at("a", None),
        at("b", "a"),
        at("b", "a"),
        at("c", "b"),
        at("lost", "?"),
        at("x", "y"),
        at("y", "x"),
    ]
    found = [(depth, each.span_id) for depth, each in show._tree(trace)]
    assert found == [(0, "a"), (1, "b"), (2, "c"), (1, "b"), (0, "lost"), (0, "x"), (1, "y")]


def test_for_machines(tmp_path: Path) -> None:
    folder = recorded(tmp_path, call(request_hash="ab" * 32))
    made = show.to_json(evidence.read(folder), folder)
    assert made["folder"] == str(folder)
    assert made["cell"] == json.loads((folder / "cell.json").read_text())
    assert made["calls"][0]["request_hash"] == "ab" * 32


def test_it_needs_nothing_of_the_extras() -> None:
    code = (
        "import sys\nfor name in ('numpy', 'scipy', 'jinja2', 'markupsafe'): sys.modules[name] = None\n"
        "import cab_report.show"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("width", [40, 200])
def test_other_widths(tmp_path: Path, width: int) -> None:
    assert max(map(len, shown(recorded(tmp_path, call()), width).splitlines())) <= width
