from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.qwen_code import ADAPTER, claim, render, wire

HOME = Path("/nonexistent")

# As Qwen Code 0.24.4 printed them; ids and times left out.
INIT = '{"type":"system","subtype":"init","cwd":"/workspace","model":"oracle","permission_mode":"yolo"}'
CALL = (
    '{"type":"assistant","message":{"type":"message","role":"assistant","content":[{"type":"tool_use",'
    '"id":"call_1","name":"read_file","input":{"file_path":"/workspace/a.py"}}],"stop_reason":"tool_use",'
    '"usage":{"input_tokens":16771,"output_tokens":11,"cache_read_input_tokens":0,"total_tokens":16782}}}'
)
RESULT = (
    '{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1",'
    '"is_error":false,"content":"print(1)\\n"}]}}'
)
TEXT = (
    '{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"Done."}],'
    '"stop_reason":null,"usage":{"input_tokens":16819,"output_tokens":2,"total_tokens":16821}}}'
)
END = (
    '{"type":"result","subtype":"success","is_error":false,"num_turns":2,"result":"Done.","usage":'
    '{"input_tokens":33590,"output_tokens":13,"cache_read_input_tokens":500,"total_tokens":33603}}'
)
FAILED = (
    '{"type":"result","subtype":"error_during_execution","is_error":true,"num_turns":1,"usage":'
    '{"input_tokens":0,"output_tokens":0,"cache_read_input_tokens":0},'
    '"error":{"message":"[API Error: 401 Incorrect API key provided.]"}}'
)
STREAM = "\n".join((INIT, CALL, RESULT, TEXT, END)) + "\n"


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        *("qwen", "--yolo", "--output-format=stream-json", "--max-session-turns=7"),
        "--prompt='Fix \"it\".\nThen stop.'",
    )
    assert wiring.env == {
        "OPENAI_API_KEY": "cab-token",
        "OPENAI_BASE_URL": "http://127.0.0.1:8080/v1",
        "OPENAI_MODEL": "vendor/m-1",
        "QWEN_CODE_MAX_OUTPUT_TOKENS": "2000",
    }
    assert {name: json.loads(text) for name, text in wiring.files.items()} == {
        ".qwen/settings.json": {
            "general": {"enableAutoUpdate": False},
            "model": {"generationConfig": {"contextWindowSize": 32_000}},
            "privacy": {"usageStatisticsEnabled": False},
            "security": {"auth": {"selectedType": "openai"}},
        }
    }


def test_without_a_bound_on_turns_it_has_none(context: Callable[..., WireContext]) -> None:
    assert "--max-session-turns" not in " ".join(wire(context(max_turns=None)).command)


def test_it_sets_nothing_beyond_factory_mode() -> None:
    assert not ADAPTER.deviation


def test_its_claim_is_the_last_event() -> None:
    found = claim(STREAM, HOME)
    assert found
    assert found.tokens == Tokens(input=33_590, cached=500, output=13, total=33_603)
    assert found.raw_input_includes_cache
    assert [report["total_tokens"] for report in found.raw] == [33_603]


@pytest.mark.parametrize(
    "stdout",
    [
        pytest.param(f"{INIT}\n{CALL}\n", id="killed"),
        pytest.param(f"{INIT}\n{FAILED}\n", id="no call worked"),
        pytest.param('{"type":"result","usage":[]}', id="another shape"),
    ],
)
def test_without_a_report_there_is_no_claim(stdout: str) -> None:
    assert claim(stdout, HOME) is None


def test_the_recording_shows_what_a_person_would_have_seen() -> None:
    shown = [text for text in map(render, (*STREAM.splitlines(), FAILED)) if text is not None]
    assert shown == [
        '| read_file  {"file_path": "/workspace/a.py"}',
        "print(1)",
        "Done.",
        'error: {"message": "[API Error: 401 Incorrect API key provided.]"}',
    ]


def test_a_command_is_shown_as_it_is() -> None:
    assert render(CALL.replace("file_path", "command")) == "| read_file  /workspace/a.py"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "input", "text"]), inner),
    ),
    st.sampled_from(["assistant", "user", "result", "new"]),
)
def test_events_of_any_shape_are_rendered_and_read(part: object, kind: str) -> None:
    for event in ({"message": part, "usage": part}, {"message": {"content": part}, "is_error": part}):
        line = json.dumps({"type": kind, **event})
        render(line)
        claim(line, HOME)
