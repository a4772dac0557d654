from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.opencode import ADAPTER, claim, render, wire

HOME = Path("/nonexistent")

# As opencode 1.18.33 printed them; ids and times left out.
STEP_START = '{"type":"step_start","timestamp":1795295379149,"part":{"id":"prt_1","type":"step-start"}}'
TOOL = (
    '{"type":"tool_use","part":{"type":"tool","tool":"bash","callID":"call_1","state":{"status":"completed",'
    '"input":{"command":"id -u","description":"write"},"output":"65532\\n",'
    '"metadata":{"exit":0,"truncated":false},"title":"id -u"}}}'
)
TOOL_ERROR = (
    '{"type":"tool_use","part":{"type":"tool","tool":"edit","state":{"status":"error",'
    '"input":{"filePath":"a.py"},"error":"oldString not found"}}}'
)
FINISH_1 = (
    '{"type":"step_finish","part":{"reason":"tool-calls","type":"step-finish","tokens":{"total":7781,'
    '"input":7664,"output":17,"reasoning":0,"cache":{"write":0,"read":100}},"cost":0}}'
)
FINISH_2 = (
    '{"type":"step_finish","part":{"reason":"stop","type":"step-finish","tokens":{"total":7955,'
    '"input":7798,"output":17,"reasoning":40,"cache":{"write":0,"read":100}},"cost":0}}'
)
TEXT = '{"type":"text","part":{"type":"text","text":"done."}}'
STREAM = "\n".join((STEP_START, TOOL, FINISH_1, STEP_START, TEXT, FINISH_2)) + "\n"


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        *("sh", "-c", 'exec "$@" <"$0"', "/home/cab/cab-prompt.md"),
        *("opencode", "run", "--format", "json", "--model", "meter/vendor/m-1"),
    )
    assert {name: value for name, value in wiring.env.items() if name != "OPENCODE_CONFIG_CONTENT"} == {
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
    }
    assert json.loads(wiring.env["OPENCODE_CONFIG_CONTENT"]) == {
        "autoupdate": False,
        "share": "disabled",
        "model": "meter/vendor/m-1",
        "small_model": "meter/vendor/m-1",
        "permission": "allow",
        "agent": {"title": {"disable": True}},
        "provider": {
            "meter": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "meter",
                "options": {"baseURL": "http://127.0.0.1:8080/v1", "apiKey": "cab-token"},
                "models": {
                    "vendor/m-1": {
                        "name": "vendor/m-1",
                        "limit": {"context": 32_000, "output": 2_000},
                        "tool_call": True,
                    }
                },
            }
        },
    }


def test_the_prompt_goes_by_file_for_opencode_would_quote_an_argument(
    context: Callable[..., WireContext],
) -> None:
    wiring = wire(context(prompt='-say "hi"'))
    assert wiring.files == {"cab-prompt.md": '-say "hi"'}


def test_the_title_call_that_it_leaves_out_is_a_deviation(context: Callable[..., WireContext]) -> None:
    assert list(ADAPTER.deviation) == ["agent.title.disable=true"]
    assert "title" not in wire(context(strict_factory=True)).env["OPENCODE_CONFIG_CONTENT"]


def test_its_claim_adds_cache_and_reasoning_back() -> None:
    found = claim(STREAM, HOME)
    assert found
    assert found.tokens == Tokens(
        input=7664 + 7798 + 200, cached=200, cache_write=0, output=17 + 17 + 40, reasoning=40, total=15736
    )
    assert not found.raw_input_includes_cache
    assert [report["total"] for report in found.raw] == [7781, 7955]


def test_a_stream_cut_in_its_last_line_claims_what_came_before() -> None:
    found = claim(STREAM[:-40], HOME)
    assert found
    assert found.tokens.total == 7781


def test_without_a_finished_step_there_is_no_claim() -> None:
    assert claim(f"{STEP_START}\n{TEXT}\n", HOME) is None


def test_odd_reports_are_unknown_not_zero() -> None:
    odd = '{"type":"step_finish","part":{"tokens":{"input":"many","output":3,"cache":[]}}}'
    found = claim(odd, HOME)
    assert found
    assert found.tokens == Tokens()
    assert claim('{"type":"step_finish","part":null}', HOME) is None


def test_the_recording_shows_what_a_person_would_have_seen() -> None:
    shown = [text for text in map(render, STREAM.splitlines()) if text is not None]
    assert shown == ["| bash  id -u\n65532", "done."]


def test_a_failed_tool_call_shows_its_input_and_its_error() -> None:
    assert render(TOOL_ERROR) == '| edit  {"filePath": "a.py"}\noldString not found'


def test_errors_are_shown() -> None:
    line = '{"type":"error","error":{"name":"APIError","data":{"message":"budget spent"}}}'
    assert render(line) == 'error: {"name": "APIError", "data": {"message": "budget spent"}}'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["part", "state", "text"]), inner),
    ),
    st.sampled_from(["text", "tool_use", "error", "step_finish", "new"]),
)
def test_events_of_any_shape_are_rendered_and_read(part: object, kind: str) -> None:
    line = json.dumps({"type": kind, "part": part})
    render(line)
    claim(line, HOME)
