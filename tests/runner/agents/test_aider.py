from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.aider import ADAPTER, ANALYTICS_FILE, claim, wire
from cab_scoring.globs import compile_glob

# As aider 0.86.2 wrote it; the user id left out.
LOG = """\
{"event": "launched", "properties": {}, "time": 1795295502}
{"event": "message_send_starting", "properties": {}, "time": 1795295503}
{"event": "message_send", "properties": {"main_model": "openai/REDACTED", "weak_model": "openai/REDACTED", \
"editor_model": "openai/REDACTED", "edit_format": "diff", "prompt_tokens": 2225, "completion_tokens": 17, \
"total_tokens": 2242, "cost": 0, "total_cost": 0.0}, "time": 1795295504}
{"event": "message_send", "properties": {"prompt_tokens": 2300, "completion_tokens": 3, \
"total_tokens": 2303, "cost": 0, "total_cost": 0.0}, "time": 1795295505}
{"event": "exit", "properties": {"reason": "Completed --message"}, "time": 1795295506}
"""


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        "aider",
        "--model=openai/vendor/m-1",
        "--weak-model=openai/vendor/m-1",
        "--yes-always",
        "--no-check-update",
        "--no-show-release-notes",
        "--no-show-model-warnings",
        "--no-pretty",
        "--no-gitignore",
        "--no-detect-urls",
        "--no-analytics",
        "--edit-format=diff",
        "--no-stream",
        "--no-auto-commits",
        "--no-dirty-commits",
        "--no-auto-lint",
        "--no-suggest-shell-commands",
        "--analytics-log=/home/cab/cab-aider-analytics.jsonl",
        "--message-file=/home/cab/cab-prompt.md",
    )
    assert wiring.env == {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "OPENAI_API_BASE": "http://127.0.0.1:8080/v1",
        "OPENAI_API_KEY": "cab-token",
    }
    assert wiring.files["cab-prompt.md"] == 'Fix "it".\nThen stop.'
    assert json.loads(wiring.files[".aider.model.metadata.json"]) == {
        "openai/vendor/m-1": {
            "litellm_provider": "openai",
            "mode": "chat",
            "max_tokens": 2_000,
            "max_input_tokens": 32_000,
            "max_output_tokens": 2_000,
        }
    }


@pytest.mark.parametrize("prompt", ["/help me", "!ls"])
def test_a_prompt_that_looks_like_a_command_of_its_own_is_none(
    context: Callable[..., WireContext], prompt: str
) -> None:
    assert wire(context(prompt=prompt)).files["cab-prompt.md"] == f"\n{prompt}"


def test_each_deviation_is_a_flag_that_is_set_unless_it_is_to_be_strict(
    context: Callable[..., WireContext],
) -> None:
    assert set(ADAPTER.deviation) < set(wire(context()).command)
    assert not set(ADAPTER.deviation) & set(wire(context(strict_factory=True)).command)


def test_its_own_files_are_all_that_it_left_in_a_workspace() -> None:
    globs = [compile_glob(glob) for glob in ADAPTER.own_files]
    left = [".aider.chat.history.md", ".aider.input.history", ".aider.tags.cache.v4/cache.db"]
    assert all(any(glob.fullmatch(path) for glob in globs) for path in left)
    assert not any(glob.fullmatch("src/aider.py") for glob in globs)


def test_its_claim_is_its_analytics_log(tmp_path: Path) -> None:
    (tmp_path / ANALYTICS_FILE).write_text(LOG)
    found = claim("Tokens: 2.2k sent, 17 received.", tmp_path)
    assert found
    assert found.tokens == Tokens(input=4525, output=20, total=4545)
    assert found.raw_input_includes_cache
    assert [report["prompt_tokens"] for report in found.raw] == [2225, 2300]


def test_without_a_message_there_is_no_claim(tmp_path: Path) -> None:
    assert claim("", tmp_path) is None
    (tmp_path / ANALYTICS_FILE).write_text(LOG.splitlines()[0])
    assert claim("", tmp_path) is None


@given(st.binary())
def test_any_log_is_read(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ANALYTICS_FILE).write_bytes(data)
        assert claim("", Path(folder)) is None
