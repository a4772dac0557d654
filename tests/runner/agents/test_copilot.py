from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.copilot import USAGE_FILE, claim, render, wire

# As copilot 1.0.102 wrote it, without further figures; the endpoint had reported cached and reasoning tokens.
USAGE = """\
{
  "totalUserRequests": 1,
  "modelMetrics": {
    "oracle": {
      "requests": {"count": 3, "cost": 0},
      "usage": {
        "inputTokens": 31351,
        "outputTokens": 83,
        "cacheReadTokens": 3000,
        "cacheWriteTokens": 0,
        "reasoningTokens": 3
      },
      "totalNanoAiu": 0
    }
  }
}
"""
# As it printed them; ids and times left out.
EVENTS = (
    '{"type":"user.message","data":{"content":"Fix it."}}',
    '{"type":"assistant.message","data":{"model":"oracle","content":"","toolRequests":[{"name":"bash"}]}}',
    '{"type":"tool.execution_start","data":{"toolName":"bash","arguments":{"command":"ls","description":"d"}}}',
    '{"type":"session.background_tasks_changed","data":{},"ephemeral":true}',
    '{"type":"tool.execution_complete","data":{"success":true,"result":'
    '{"content":"a.py\\n<shellId: 0 completed with exit code 0>"}}}',
    '{"type":"tool.execution_start","data":{"toolName":"create","arguments":{"path":"sub/a.py"}}}',
    '{"type":"tool.execution_complete","data":{"success":false,"error":'
    '{"message":"Parent directory does not exist","code":"failure"}}}',
    '{"type":"assistant.message_delta","data":{"deltaContent":"Done."},"ephemeral":true}',
    '{"type":"assistant.message","data":{"model":"oracle","content":"Done.","toolRequests":[]}}',
    '{"type":"session.error","data":{"errorType":"authentication","message":"Authentication failed"}}',
    '{"type":"result","exitCode":1,"usage":{"premiumRequests":0}}',
)


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        "sh",
        "-c",
        'exec "$@" <"$0"',
        "/home/cab/cab-prompt.md",
        "copilot",
        "--allow-all-tools",
        "--allow-all-paths",
        "--no-color",
        "--output-format=json",
        "--usage-output-file=/home/cab/cab-copilot-usage.json",
    )
    assert wiring.env == {
        "COPILOT_MODEL": "vendor/m-1",
        "COPILOT_OFFLINE": "true",
        "COPILOT_PKG_CACHE_HOME": "/opt/cab/agent",
        "COPILOT_PROVIDER_API_KEY": "cab-token",
        "COPILOT_PROVIDER_BASE_URL": "http://127.0.0.1:8080/v1",
        "COPILOT_PROVIDER_MAX_OUTPUT_TOKENS": "2000",
        "COPILOT_PROVIDER_MAX_PROMPT_TOKENS": "30000",
    }
    assert wiring.files == {"cab-prompt.md": 'Fix "it".\nThen stop.'}


def test_its_claim_is_its_usage_file(tmp_path: Path) -> None:
    (tmp_path / USAGE_FILE).write_text(USAGE)
    found = claim("", tmp_path)
    assert found
    assert found.tokens == Tokens(input=31351, cached=3000, cache_write=0, output=83, reasoning=3)
    assert found.raw_input_includes_cache
    assert found.raw == (json.loads(USAGE)["modelMetrics"],)


def test_the_figures_of_several_models_are_added_up(tmp_path: Path) -> None:
    models = {"a": {"usage": {"inputTokens": 5, "outputTokens": 1}}, "b": {"usage": {"inputTokens": 7}}}
    (tmp_path / USAGE_FILE).write_text(json.dumps({"modelMetrics": models}))
    found = claim("", tmp_path)
    assert found
    assert found.tokens == Tokens(input=12)


def test_without_a_model_there_is_no_claim(tmp_path: Path) -> None:
    assert claim("", tmp_path) is None
    (tmp_path / USAGE_FILE).write_text('{"modelMetrics": {}}')
    assert claim("", tmp_path) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["modelMetrics", "usage", "inputTokens"]), inner)
        ),
    )
)
def test_any_report_is_read(report: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / USAGE_FILE).write_text(json.dumps(report))
        claim("", Path(folder))


def test_the_recording_shows_what_a_person_would_have_seen() -> None:
    assert [text for text in map(render, EVENTS) if text is not None] == [
        "| bash  ls",
        "a.py\n<shellId: 0 completed with exit code 0>",
        '| create  {"path": "sub/a.py"}',
        "Parent directory does not exist",
        "Done.",
        "error: Authentication failed",
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["content", "arguments", "result"]), inner)
        ),
    ),
    st.sampled_from(
        ["assistant.message", "tool.execution_start", "tool.execution_complete", "session.error"]
    ),
)
def test_events_of_any_shape_are_rendered(data: object, kind: str) -> None:
    render(json.dumps({"type": kind, "data": data}))
