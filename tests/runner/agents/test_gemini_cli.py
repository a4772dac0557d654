from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.gemini_cli import ADAPTER, claim, render, wire

HOME = Path("/nonexistent")

# As Gemini CLI 0.61.0 printed them; ids and times left out.
INIT = '{"type":"init","model":"oracle"}'
USER = '{"type":"message","role":"user","content":"Fix it"}'
CALL = '{"type":"tool_use","tool_name":"run_shell_command","parameters":{"command":"id -u"}}'
RESULT = '{"type":"tool_result","status":"success","output":"65532\\n"}'
QUIET = '{"type":"tool_result","status":"success"}'
TOOL_ERROR = (
    '{"type":"tool_result","status":"error","output":"oops","error":{"type":"edit","message":"no match"}}'
)
TEXT = '{"type":"message","role":"assistant","content":"Done.","delta":true}'
WARNING = '{"type":"error","severity":"warning","message":"Loop detected"}'
END = (
    '{"type":"result","status":"success","stats":{"total_tokens":31027,"input_tokens":30955,'
    '"output_tokens":32,"cached":500,"input":30455,"duration_ms":763,"tool_calls":2,"models":{}}}'
)
FAILED = (
    '{"type":"result","status":"error","error":{"type":"unknown","message":"[API Error: terminated]"},'
    '"stats":{"total_tokens":0,"input_tokens":0,"output_tokens":0,"cached":0,"input":0,"models":{}}}'
)
STREAM = "\n".join((INIT, USER, CALL, RESULT, QUIET, TOOL_ERROR, TEXT, WARNING, END)) + "\n"


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        *("sh", "-c", 'exec "$@" <"$0"', "/home/cab/cab-prompt.md"),
        *("gemini", "--model=vendor/m-1", "--yolo", "--skip-trust", "--output-format=stream-json"),
    )
    assert wiring.env == {
        "GEMINI_API_KEY": "cab-token",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:8080",
    }
    assert wiring.files["cab-prompt.md"] == 'Fix "it".\nThen stop.'
    model = {"model": "vendor/m-1"}
    assert json.loads(wiring.files[".gemini/settings.json"]) == {
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "model": {"maxSessionTurns": 7},
        "modelConfigs": {
            "customOverrides": [
                {"match": {"overrideScope": "core"}, "modelConfig": model},
                {"match": {"model": "base"}, "modelConfig": model},
                {
                    "match": {"model": "chat-base"},
                    "modelConfig": {"generateContentConfig": {"maxOutputTokens": 2_000}},
                },
            ]
        },
        "privacy": {"usageStatisticsEnabled": False},
        "security": {"auth": {"selectedType": "gemini-api-key"}},
    }


def test_without_a_bound_on_turns_it_has_none(context: Callable[..., WireContext]) -> None:
    assert "maxSessionTurns" not in wire(context(max_turns=None)).files[".gemini/settings.json"]


def test_it_sets_nothing_beyond_factory_mode() -> None:
    assert not ADAPTER.deviation


def test_its_claim_is_the_last_event_and_what_the_total_has_beyond_it_is_reasoning() -> None:
    found = claim(STREAM, HOME)
    assert found
    assert found.tokens == Tokens(input=30_955, cached=500, output=72, reasoning=40, total=31_027)
    assert found.raw_input_includes_cache
    assert [report["tool_calls"] for report in found.raw] == [2]


@pytest.mark.parametrize(
    "stdout",
    [
        pytest.param(f"{INIT}\n{TEXT}\n", id="killed"),
        pytest.param(f"{INIT}\n{FAILED}\n", id="no call worked"),
        pytest.param(END.replace("31027", "30955"), id="total that lacks the output"),
        pytest.param('{"type":"result","stats":[]}', id="another shape"),
    ],
)
def test_without_a_report_there_is_no_claim(stdout: str) -> None:
    assert claim(stdout, HOME) is None


def test_the_recording_shows_what_a_person_would_have_seen() -> None:
    shown = [text for text in map(render, (*STREAM.splitlines(), FAILED)) if text is not None]
    assert shown == [
        "| run_shell_command  id -u",
        "65532",
        "no match",
        "Done.",
        "error: Loop detected",
        "error: [API Error: terminated]",
    ]


def test_a_call_of_another_tool_shows_its_arguments() -> None:
    assert render(CALL.replace('"command"', '"path"')) == '| run_shell_command  {"path": "id -u"}'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "command"]), inner),
    ),
    st.sampled_from(["message", "tool_use", "tool_result", "error", "result", "new"]),
)
def test_events_of_any_shape_are_rendered_and_read(part: object, kind: str) -> None:
    fields = ("role", "content", "parameters", "output", "error", "message", "stats")
    for name in fields:
        line = json.dumps({"type": kind, "status": "error", name: part})
        render(line)
        claim(line, HOME)
