from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.bash_loop import ADAPTER, claim, wire

LAST = '{"bash_loop": {"calls": 2, "prompt_tokens": 455, "completion_tokens": 34}}\n'
HOME = Path("/nonexistent")


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        "python3",
        "/opt/cab/inside/bash_loop.py",
        "--base-url",
        "http://127.0.0.1:8080/v1",
        "--model",
        "vendor/m-1",
        "--max-turns",
        "7",
        '--prompt=Fix "it".\nThen stop.',
    )
    assert wiring.env == {"OPENAI_API_KEY": "cab-token"}
    assert wiring.files == {}


def test_without_a_bound_on_turns_the_script_has_its_own(context: Callable[..., WireContext]) -> None:
    assert "--max-turns" not in wire(context(max_turns=None)).command


def test_it_needs_no_image_and_sets_nothing_beyond_factory_mode() -> None:
    assert ADAPTER.install is None
    assert ADAPTER.deviation == {}


def test_the_last_line_is_its_claim() -> None:
    found = claim("$ ls\n[exit code 0]\ndone.\n" + LAST, HOME)
    assert found
    assert found.tokens == Tokens(input=455, output=34, total=489)
    assert found.raw == ({"calls": 2, "prompt_tokens": 455, "completion_tokens": 34},)


def test_an_unknown_figure_stays_unknown() -> None:
    found = claim(LAST.replace("34", "null"), HOME)
    assert found
    assert found.tokens == Tokens(input=455)


def test_such_a_line_printed_by_a_command_is_no_claim() -> None:
    assert claim(LAST + "killed\n", HOME) is None


def test_a_report_of_another_shape_is_no_claim() -> None:
    assert claim('{"bash_loop": 7}', HOME) is None
