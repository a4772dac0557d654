from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.codex import claim, render, wire

HOME = Path("/nonexistent")

# As codex 0.169.0 printed them; an id shortened. The endpoint had reported cached and reasoning tokens.
STARTED = '{"type":"thread.started","thread_id":"01a2"}'
UNKNOWN = (
    '{"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata not found."}}'
)
BEGINS = (
    '{"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"sh -lc \\"ls\\"",'
    '"aggregated_output":"","exit_code":null,"status":"in_progress"}}'
)
COMMAND = (
    '{"type":"item.completed","item":{"id":"item_1","type":"command_execution","command":"sh -lc \\"ls\\"",'
    '"aggregated_output":"a.py\\n","exit_code":0,"status":"completed"}}'
)
TEXT = '{"type":"item.completed","item":{"id":"item_3","type":"agent_message","text":"Done."}}'
COMPLETED = (
    '{"type":"turn.completed","usage":{"input_tokens":23607,"cached_input_tokens":3000,'
    '"cache_write_input_tokens":300,"output_tokens":68,"reasoning_output_tokens":3}}'
)
ERROR = '{"type":"error","message":"Reconnecting... 5/5 (unexpected status 401)"}'
FAILED = '{"type":"turn.failed","error":{"message":"unexpected status 401"}}'
STREAM = "\n".join((STARTED, UNKNOWN, BEGINS, COMMAND, TEXT, COMPLETED)) + "\n"


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        "sh",
        "-c",
        'exec "$@" <"$0"',
        "/home/cab/cab-prompt.md",
        "codex",
        "exec",
        "--json",
        "--skip-git-repo-check",
        "--dangerously-bypass-approvals-and-sandbox",
    )
    assert wiring.env == {"METER_KEY": "cab-token"}
    assert set(wiring.files) == {"cab-prompt.md", ".codex/config.toml"}
    assert wiring.files["cab-prompt.md"] == 'Fix "it".\nThen stop.'
    assert tomllib.loads(wiring.files[".codex/config.toml"]) == {
        "model": "vendor/m-1",
        "model_context_window": 32_000,
        "model_provider": "meter",
        "web_search": "disabled",
        "model_providers": {
            "meter": {
                "name": "meter",
                "base_url": "http://127.0.0.1:8080/v1",
                "env_key": "METER_KEY",
                "wire_api": "responses",
            }
        },
        "analytics": {"enabled": False},
        "features": {"plugins": False},
    }


def test_any_models_name_is_a_string_of_its_configuration(context: Callable[..., WireContext]) -> None:
    config = wire(context(model='ft:"é\\😀"')).files[".codex/config.toml"]
    assert tomllib.loads(config)["model"] == 'ft:"é\\😀"'


def test_its_claim_is_the_usage_of_the_whole_run() -> None:
    found = claim(STREAM, HOME)
    assert found
    assert found.tokens == Tokens(input=23607, cached=3000, cache_write=300, output=68, reasoning=3)
    assert found.raw_input_includes_cache
    assert found.raw == (json.loads(COMPLETED)["usage"],)


def test_a_run_that_failed_claims_nothing() -> None:
    assert claim(f"{STARTED}\n{ERROR}\n{FAILED}\n", HOME) is None


def test_odd_reports_are_unknown_not_zero() -> None:
    found = claim('{"type":"turn.completed","usage":{"input_tokens":"many","output_tokens":3}}', HOME)
    assert found
    assert found.tokens == Tokens(output=3)
    assert claim('{"type":"turn.completed","usage":[]}', HOME) is None


def test_the_recording_shows_what_a_person_would_have_seen() -> None:
    shown = [text for text in map(render, STREAM.splitlines()) if text is not None]
    assert shown == ["error: Model metadata not found.", '| exec  sh -lc "ls"\na.py', "Done."]


def test_an_error_is_shown_once() -> None:
    assert render(ERROR) == "error: Reconnecting... 5/5 (unexpected status 401)"
    assert render(FAILED) is None


def test_items_of_other_kinds_are_shown_as_they_are() -> None:
    item = {"id": "item_2", "type": "file_change", "changes": [{"path": "a.py", "kind": "update"}]}
    shown = render(json.dumps({"type": "item.completed", "item": item}))
    assert shown == '| file_change  {"changes": [{"path": "a.py", "kind": "update"}]}'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "text", "command"]), inner),
    ),
    st.sampled_from(["item.completed", "turn.completed", "error", "new"]),
)
def test_events_of_any_shape_are_rendered_and_read(value: object, kind: str) -> None:
    line = json.dumps({"type": kind, "item": value, "usage": value, "message": value})
    render(line)
    claim(line, HOME)
