from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.mistral_vibe import CONFIG_FILE, REPORT_FILE, claim, render, wire

from .conftest import CONTEXT

# As mistral-vibe 3.0.2 left and printed them; ids, times and the effective configuration left out.
EXPORT = (
    '{"outcome":"finished","stop_reason":null,"error":null,"usage":{"input_tokens":14443,'
    '"output_tokens":34,"cached_input_tokens":100,"total_tokens":14477},"cost_usd":0.0,"steps":2}'
)
USER = (
    '{"id":"user-turn-1","generationStatus":"completed","type":"message","role":"user",'
    '"content":[{"type":"text","text":"Make \\"a.py\\" print 2."}],"source":"turn_start","outcome":null}'
)
EFFECT = (
    '{"id":"effect-1","generationStatus":"completed","type":"effect","title":"file_system.bash",'
    '"detail":{"toolName":"file_system.bash","display":{"summary":"bash: cat > no/a.py"},"kind":"shell",'
    '"input":{"command":"cat > no/a.py"}},"state":{"status":"completed",'
    '"outputText":"no/a.py: No such file or directory\\n","display":{"success":false}}}'
)
REASONING = '{"id":"r-1","type":"reasoning","text":"Let me see."}'


def report(home: Path, text: str | bytes) -> None:
    path = home / REPORT_FILE
    path.parent.mkdir()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        "vibe",
        "--prompt-file=/home/cab/cab-prompt.md",
        "--output=streaming",
        "--auto-approve",
        "--trust",
        "--max-turns=7",
        "--output-dir=/home/cab/cab-vibe",
    )
    assert wiring.env == {"METER_KEY": "cab-token"}
    assert wiring.files["cab-prompt.md"] == 'Fix "it".\nThen stop.'
    assert tomllib.loads(wiring.files[CONFIG_FILE]) == {
        "active_model": "meter",
        "enable_telemetry": False,
        "enable_update_checks": False,
        "enable_auto_update": False,
        "experiments": {"enable": False},
        "providers": [
            {
                "name": "meter",
                "api_base": "http://127.0.0.1:8080/v1",
                "api_key_env_var": "METER_KEY",
                "api_style": "openai",
                "backend": "generic",
            }
        ],
        "models": [
            {
                "name": "vendor/m-1",
                "provider": "meter",
                "alias": "meter",
                "max_context_length": 32_000,
                "max_output_tokens": 2_000,
            }
        ],
    }


def test_without_a_bound_on_turns_it_has_none(context: Callable[..., WireContext]) -> None:
    assert not any("--max-turns" in word for word in wire(context(max_turns=None)).command)


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1))
def test_any_model_is_named_as_it_is(model: str) -> None:
    config = tomllib.loads(wire(replace(CONTEXT, model=model)).files[CONFIG_FILE])
    assert config["models"][0]["name"] == model


def test_its_claim_is_its_export(tmp_path: Path) -> None:
    report(tmp_path, EXPORT)
    found = claim("", tmp_path)
    assert found
    assert found.tokens == Tokens(input=14443, cached=100, output=34, total=14477)
    assert found.raw_input_includes_cache
    assert [item["input_tokens"] for item in found.raw] == [14443]


def test_without_an_export_there_is_no_claim(tmp_path: Path) -> None:
    assert claim(EXPORT, tmp_path) is None
    report(tmp_path, '{"outcome":"finished","usage":7}')
    assert claim("", tmp_path) is None


@given(st.binary())
def test_any_export_is_read(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), data)
        assert claim("", Path(folder)) is None


def test_the_recording_shows_what_a_person_would_have_seen() -> None:
    shown = [text for text in map(render, (USER, REASONING, EFFECT)) if text is not None]
    assert shown == [
        'Make "a.py" print 2.',
        "| bash: cat > no/a.py\nno/a.py: No such file or directory",
    ]


def test_a_failed_tool_call_shows_its_error() -> None:
    line = '{"type":"effect","title":"edit","state":{"status":"failed","error":{"message":"not found"}}}'
    assert render(line) == "| edit\nnot found"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["text", "display", "error"]), inner),
    ),
    st.sampled_from(["message", "effect", "notice", "new"]),
)
def test_events_of_any_shape_are_rendered(part: object, kind: str) -> None:
    render(json.dumps({"type": kind, "content": part, "detail": part, "state": part}))
