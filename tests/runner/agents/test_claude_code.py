from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.claude_code import claim, render, wire

HOME = Path("/nonexistent")

# As claude-code 2.1.330 printed them; ids, times and further figures left out.
INIT = '{"type":"system","subtype":"init","cwd":"/workspace","tools":["Bash"]}'
RETRY = '{"type":"system","subtype":"api_retry","attempt":1,"error_status":500}'
CALL = (
    '{"type":"assistant","message":{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1",'
    '"name":"Bash","input":{"command":"ls"}}],"usage":{"input_tokens":2061,"output_tokens":1}}}'
)
ANSWER = (
    '{"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_1","type":"tool_result",'
    '"content":"a.py\\n","is_error":false}]}}'
)
READ = (
    '{"type":"assistant","message":{"role":"assistant","content":[{"type":"tool_use","id":"toolu_2",'
    '"name":"Read","input":{"file_path":"/workspace/a.py"}}]}}'
)
TEXT = '{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"Done."}]}}'
RESULT = (
    '{"type":"result","subtype":"success","is_error":false,"result":"Done.","modelUsage":{"oracle":'
    '{"inputTokens":2077,"outputTokens":68,"cacheReadInputTokens":20154,"cacheCreationInputTokens":11165,'
    '"thinkingTokens":0}}}'
)
FAILED = '{"type":"result","subtype":"success","is_error":true,"result":"API Error: 401","modelUsage":{}}'
STREAM = "\n".join((INIT, RETRY, CALL, ANSWER, READ, TEXT, RESULT)) + "\n"


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        "sh",
        "-c",
        'exec "$@" <"$0"',
        "/home/cab/cab-prompt.md",
        "claude",
        "--print",
        "--output-format=stream-json",
        "--verbose",
        "--dangerously-skip-permissions",
        "--max-turns=7",
    )
    assert wiring.env == {
        "ANTHROPIC_API_KEY": "cab-token",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:8080",
        "ANTHROPIC_DEFAULT_FABLE_MODEL": "vendor/m-1",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "vendor/m-1",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "vendor/m-1",
        "ANTHROPIC_DEFAULT_SONNET_MODEL": "vendor/m-1",
        "ANTHROPIC_MODEL": "vendor/m-1",
        "CLAUDE_CODE_AUTO_COMPACT_WINDOW": "32000",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "32000",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "2000",
    }
    assert wiring.files == {"cab-prompt.md": 'Fix "it".\nThen stop.'}


def test_turns_are_bounded_only_where_the_task_does(context: Callable[..., WireContext]) -> None:
    assert wire(context(max_turns=None)).command[-1] == "--dangerously-skip-permissions"


def test_its_claim_adds_the_cache_back() -> None:
    found = claim(STREAM, HOME)
    assert found
    assert found.tokens == Tokens(
        input=2077 + 20154 + 11165, cached=20154, cache_write=11165, output=68, reasoning=0
    )
    assert not found.raw_input_includes_cache
    assert found.raw == (json.loads(RESULT)["modelUsage"],)


def test_a_later_result_counts_from_the_start_too() -> None:
    found = claim(STREAM + RESULT.replace('"outputTokens":68', '"outputTokens":99'), HOME)
    assert found
    assert found.tokens.output == 99


def test_the_figures_of_several_models_are_added_up() -> None:
    models = {"a": {"outputTokens": 5, "thinkingTokens": 1}, "b": {"outputTokens": 7}}
    found = claim(json.dumps({"type": "result", "modelUsage": models}), HOME)
    assert found
    assert found.tokens == Tokens(output=12)


def test_without_a_model_that_answered_there_is_no_claim() -> None:
    assert claim(f"{INIT}\n{FAILED}\n", HOME) is None
    assert claim(f"{INIT}\n{CALL}\n", HOME) is None


def test_the_recording_shows_what_a_person_would_have_seen() -> None:
    shown = [text for text in map(render, STREAM.splitlines()) if text is not None]
    assert shown == ["| Bash  ls", "a.py", '| Read  {"file_path": "/workspace/a.py"}', "Done."]


def test_errors_are_shown() -> None:
    assert render(FAILED) == "error: API Error: 401"
    assert render('{"type":"result","subtype":"error_max_turns","is_error":true}') == "error: error_max_turns"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["content", "type", "text", "input"]), inner)
        ),
    ),
    st.sampled_from(["assistant", "user", "result"]),
)
def test_events_of_any_shape_are_rendered_and_read(value: object, kind: str) -> None:
    line = json.dumps({"type": kind, "message": {"content": value}, "modelUsage": value})
    render(line)
    claim(line, HOME)
