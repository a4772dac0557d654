from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.openhands import SETTINGS_FILE, claim, render, wire

# As openhands 1.16.0 left and printed them; ids, times and what else is in the state left out.
STATE = """\
{"execution_status": "finished", "stats": {"usage_to_metrics": {
  "agent": {"model_name": "openai/oracle", "accumulated_cost": 0.0, "token_usages": [
    {"model": "openai/oracle", "prompt_tokens": 7431, "completion_tokens": 40, "cache_read_tokens": 100,
     "cache_write_tokens": 0, "reasoning_tokens": 30, "context_window": 128000, "per_turn_token": 7471},
    {"model": "openai/oracle", "prompt_tokens": 7578, "completion_tokens": 2, "cache_read_tokens": 0,
     "cache_write_tokens": 0, "reasoning_tokens": 0, "context_window": 128000, "per_turn_token": 7580}]},
  "condenser": {"model_name": "openai/oracle", "accumulated_cost": 0.0, "token_usages": []}}}}
"""
MESSAGE = (
    '{"source": "user", "llm_message": {"role": "user", "content": [{"cache_prompt": false, '
    '"type": "text", "text": "Make \\"a.py\\" print 2."}]}, "kind": "MessageEvent"}'
)
ACTION = (
    '{"source": "agent", "thought": [], "action": {"command": "cat a.py", "kind": "TerminalAction"}, '
    '"tool_name": "terminal", "tool_call": {"name": "terminal", "arguments": "{\\"command\\": '
    '\\"cat a.py\\"}"}, "kind": "ActionEvent"}'
)
OBSERVATION = (
    '{"source": "environment", "tool_name": "terminal", "observation": {"content": [{"type": "text", '
    '"text": "print(1)\\n"}], "exit_code": 0, "kind": "TerminalObservation"}, "kind": "ObservationEvent"}'
)
ERROR = (
    '{"source": "environment", "code": "AuthenticationError", "detail": "Incorrect API key provided.", '
    '"kind": "ConversationErrorEvent"}'
)


def report(home: Path, text: str | bytes, conversation: str = "b689") -> None:
    folder = home / ".openhands" / "conversations" / conversation
    folder.mkdir(parents=True)
    (folder / "base_state.json").write_bytes(text if isinstance(text, bytes) else text.encode())


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        "openhands",
        "--headless",
        "--json",
        '--task=Fix "it".\nThen stop.',
    )
    assert wiring.env == {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    llm = {
        "model": "openai/vendor/m-1",
        "base_url": "http://127.0.0.1:8080/v1",
        "api_key": "cab-token",
        "max_input_tokens": 32_000,
        "max_output_tokens": 2_000,
    }
    assert json.loads(wiring.files[SETTINGS_FILE]) == {
        "kind": "Agent",
        "llm": {**llm, "usage_id": "agent"},
        "system_prompt_kwargs": {"cli_mode": True},
        "condenser": {
            "kind": "LLMSummarizingCondenser",
            "llm": {**llm, "usage_id": "condenser"},
            "max_size": 80,
            "keep_first": 4,
        },
    }


def test_its_claim_is_every_call_in_its_conversations_state(tmp_path: Path) -> None:
    report(tmp_path, STATE)
    found = claim("", tmp_path)
    assert found
    assert found.tokens == Tokens(input=15009, cached=100, cache_write=0, output=42, reasoning=30)
    assert found.raw_input_includes_cache
    assert [item["prompt_tokens"] for item in found.raw] == [7431, 7578]


def test_every_conversation_counts(tmp_path: Path) -> None:
    report(tmp_path, STATE)
    report(tmp_path, STATE, conversation="c7a0")
    found = claim("", tmp_path)
    assert found
    assert found.tokens.input == 2 * 15009


def test_without_a_call_there_is_no_claim(tmp_path: Path) -> None:
    assert claim(STATE, tmp_path) is None
    report(tmp_path, '{"stats": {"usage_to_metrics": {"agent": {"token_usages": []}, "condenser": 7}}}')
    assert claim("", tmp_path) is None


@given(st.binary())
def test_any_state_is_read(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), data)
        assert claim("", Path(folder)) is None


def test_the_recording_shows_what_a_person_would_have_seen() -> None:
    assert [render(line) for line in (MESSAGE, ACTION, OBSERVATION, ERROR)] == [
        'Make "a.py" print 2.',
        '| terminal  {"command": "cat a.py"}',
        "print(1)",
        "error: AuthenticationError: Incorrect API key provided.",
    ]


def test_a_thought_stands_before_its_call() -> None:
    line = ACTION.replace('"thought": []', '"thought": [{"type": "text", "text": "Look."}]')
    assert str(render(line)).startswith("Look.\n| terminal")


def test_a_failed_tool_call_shows_its_error() -> None:
    assert render('{"kind": "AgentErrorEvent", "error": "no such tool"}') == "error: no such tool"


def test_other_events_show_nothing_and_other_lines_come_back_as_they_are() -> None:
    assert render('{"kind": "PauseEvent"}') is None
    assert render("Agent is working") == "Agent is working"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["text", "content"]), inner),
    ),
    st.sampled_from(["MessageEvent", "ActionEvent", "ObservationEvent", "AgentErrorEvent", "New"]),
)
def test_events_of_any_shape_are_rendered(part: object, kind: str) -> None:
    fields = dict.fromkeys(("llm_message", "thought", "tool_call", "observation", "error"), part)
    render(json.dumps({"kind": kind, **fields}))
