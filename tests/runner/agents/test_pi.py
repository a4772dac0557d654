from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.pi import ADAPTER, claim, render, wire

HOME = Path("/nonexistent")

# As pi 0.73.1 printed them; ids, times and costs left out.
USER = '{"type":"message_end","message":{"role":"user","content":[{"type":"text","text":"Fix it"}]}}'
CALL = (
    '{"type":"message_end","message":{"role":"assistant","content":[{"type":"toolCall","name":"bash",'
    '"arguments":{"command":"id -u"}}],"provider":"meter","model":"oracle","usage":{"input":1166,"output":9,'
    '"cacheRead":200,"cacheWrite":30,"totalTokens":1405},"stopReason":"toolUse"}}'
)
START = '{"type":"tool_execution_start","toolName":"bash","args":{"command":"id -u"}}'
END = (
    '{"type":"tool_execution_end","toolName":"bash","result":{"content":[{"type":"text","text":"65532\\n"}]},'
    '"isError":false}'
)
RESULT = (
    '{"type":"message_end","message":{"role":"toolResult","toolName":"bash",'
    '"content":[{"type":"text","text":"65532\\n"}],"isError":false}}'
)
LAST = (
    '{"type":"message_end","message":{"role":"assistant","content":[{"type":"text","text":"Done."}],'
    '"usage":{"input":1210,"output":2,"cacheRead":0,"cacheWrite":0,"totalTokens":1212},"stopReason":"stop"}}'
)
FAILED = (
    '{"type":"message_end","message":{"role":"assistant","content":[],"usage":{"input":0,"output":0,'
    '"cacheRead":0,"cacheWrite":0,"totalTokens":0},"stopReason":"error",'
    '"errorMessage":"401 Incorrect API key provided."}}'
)
TURN = LAST.replace("message_end", "turn_end")
STREAM = "\n".join((USER, CALL, START, END, RESULT, FAILED, LAST, TURN)) + "\n"


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        *("bash", "-c"),
        """set -o pipefail; "$@" <"$0" | grep --line-buffered -av '^{"type":"[a-z_]*_update"'""",
        "/home/cab/cab-prompt.md",
        *("pi", "--provider", "meter", "--model", "vendor/m-1", "--mode", "json", "--print"),
    )
    assert wiring.env == {"METER_KEY": "cab-token", "PI_OFFLINE": "1", "PI_TELEMETRY": "0"}
    assert wiring.files["cab-prompt.md"] == 'Fix "it".\nThen stop.'
    assert json.loads(wiring.files[".pi/agent/models.json"]) == {
        "providers": {
            "meter": {
                "baseUrl": "http://127.0.0.1:8080/v1",
                "api": "openai-completions",
                "apiKey": "METER_KEY",
                "models": [{"id": "vendor/m-1", "contextWindow": 32_000, "maxTokens": 2_000}],
            }
        }
    }


def test_it_sets_nothing_beyond_factory_mode() -> None:
    assert not ADAPTER.deviation


def test_its_claim_adds_the_cache_back_and_leaves_failed_calls_out() -> None:
    found = claim(STREAM, HOME)
    assert found
    assert found.tokens == Tokens(
        input=1166 + 230 + 1210, cached=200, cache_write=30, output=11, total=1405 + 1212
    )
    assert not found.raw_input_includes_cache
    assert [report["totalTokens"] for report in found.raw] == [1405, 1212]


def test_the_zeros_that_it_writes_for_want_of_a_report_are_unknown() -> None:
    unreported = LAST.replace("1210", "0").replace("1212", "0").replace('"output":2', '"output":0')
    found = claim(f"{CALL}\n{unreported}\n", HOME)
    assert found
    assert found.tokens == Tokens()


def test_without_a_call_that_worked_there_is_no_claim() -> None:
    assert claim(f"{USER}\n{FAILED}\n", HOME) is None


def test_the_recording_shows_what_a_person_would_have_seen() -> None:
    shown = [text for text in map(render, STREAM.splitlines()) if text is not None]
    assert shown == ["| bash  id -u", "65532", "error: 401 Incorrect API key provided.", "Done."]


def test_a_call_of_another_tool_shows_its_arguments() -> None:
    assert render(START.replace("command", "path")) == '| bash  {"path": "id -u"}'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["role", "content", "text"]), inner),
    ),
    st.sampled_from(["message_end", "tool_execution_start", "tool_execution_end", "new"]),
)
def test_events_of_any_shape_are_rendered_and_read(part: object, kind: str) -> None:
    for name in ("message", "args", "result"):
        line = json.dumps({"type": kind, name: part})
        render(line)
        claim(line, HOME)
    message = {"role": "assistant", "content": part, "usage": part}
    render(json.dumps({"type": kind, "message": message}))
    claim(json.dumps({"type": kind, "message": message}), HOME)
