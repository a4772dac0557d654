"""Spans, and the model calls merged into them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cab_proxy.records import Record, Tokens
from cab_runner.plugins import Merged, Plugin, Written
from cab_runner.trace import Trace


def test_calls_are_children_of_the_container_span(tmp_path: Path) -> None:
    trace = Trace()
    with trace.span("container", "a:run") as container:
        pass
    call = Record(
        kind="call", call_id="C", started_at="2099-01-01T00:00:00.000000Z", method="POST",
        path="/v1/chat/completions", model_requested="m", tokens=Tokens(input=3, output=2, total=5),
        duration_ms=7.0, status=200,
    )  # fmt: skip
    lost = Record(
        kind="open",
        call_id="D",
        started_at="2099-01-02T00:00:00.000000Z",
        method="POST",
        path="/v1/chat/completions",
    )
    trace.add_calls([call, lost], container)
    trace.write(tmp_path / "trace.jsonl")
    spans = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    assert [span["kind"] for span in spans] == ["container", "model_call", "model_call"]
    assert {span["parent_id"] for span in spans[1:]} == {spans[0]["span_id"]}
    assert spans[1]["duration_ms"] == 7.0
    assert spans[1]["attrs"]["prompt_tokens"] == 3
    assert (spans[2]["duration_ms"], spans[2]["error"]) == (None, "in_flight")


def test_an_exception_is_noted_and_goes_on() -> None:
    trace = Trace()
    with pytest.raises(ValueError), trace.span("grade", "g"):
        raise ValueError
    [span] = trace.spans
    assert span.error == "ValueError"
    assert span.duration_ms is not None


def test_plugins_are_listed_by_whether_the_agent_gets_them() -> None:
    files = (Merged(place="CONFIG", in_env=True, table={}), Written(path="f", text="", template=True))

    def plugin(name: str, agents: tuple[str, ...] | None) -> Plugin:
        env = {name.upper(): "{token}"}
        args = ("--key", "{token}")
        return Plugin(name=name, description="", agents=agents, args=args, env=env, files=files, sha256="")

    trace = Trace()
    with trace.span("adapter_run", "a") as run:
        trace.add_plugins(run, "a", [plugin("one", None), plugin("two", ("b",)), plugin("three", ("a", "b"))])
    assert trace.spans[1].parent_id == run.span_id
    assert trace.spans[1].attrs == {
        "tui": "a",
        "count": 3,
        "applied": ["one", "three"],
        "env_keys": ["CONFIG", "ONE", "THREE"],
        "extra_args": ["--key", "{token}", "--key", "{token}"],
        "applied_count": 2,
        "skipped_count": 1,
    }
