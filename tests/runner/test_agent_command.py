"""``--agent-cmd``: an adapter from a command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cab_runner.agent_command import adapter, env_of, files_of
from cab_runner.agents.base import PROMPT_FILE
from cab_runner.errors import UsageError

from .agents.conftest import CONTEXT


def test_the_command_is_split_before_anything_is_filled_in() -> None:
    made = adapter("/opt/bin/mycli --url {base_url} 'two words' {prompt} --m={model}")
    prompt = "; rm -rf / \"'$(x)\nsecond line {token}"
    assert made.wire(replace(CONTEXT, prompt=prompt)).command == (
        "/opt/bin/mycli", "--url", CONTEXT.base_url, "two words", prompt, "--m=vendor/m-1",
    )  # fmt: skip


def test_environment_and_files_are_templates() -> None:
    made = adapter(
        "mycli",
        env={"KEY": "{token}", "CONFIG": '{"url": "{origin}", "limits": {"in": {context_window}}}'},
        files={".mycli/c.json": '{"prompt": "{prompt}", "at": {"{unknown}": "{home}"}}', "p.md": "{prompt}"},
    )
    wiring = made.wire(CONTEXT)
    assert wiring.env == {
        "KEY": "cab-token", "CONFIG": '{"url": "http://127.0.0.1:8080", "limits": {"in": 32000}}',
    }  # fmt: skip
    assert wiring.files == {
        ".mycli/c.json": '{"prompt": "Fix \\"it\\".\\nThen stop.", "at": {"{unknown}": "/home/cab"}}',
        "p.md": CONTEXT.prompt,
    }


def test_the_prompt_file_is_written_when_it_is_used() -> None:
    assert adapter("mycli {prompt}").wire(CONTEXT).files == {}
    wiring = adapter("mycli --read={prompt_file}").wire(CONTEXT)
    assert wiring.command == ("mycli", f"--read=/home/cab/{PROMPT_FILE}")
    assert wiring.files == {PROMPT_FILE: CONTEXT.prompt}


def test_what_is_known_of_it_is_what_was_said() -> None:
    made = adapter(
        "/opt/bin/mycli", name=None, image="me/mycli:3", protocol="responses", own_files=(".mycli/**",)
    )
    assert (made.name, made.version, made.image, made.protocol) == ("mycli", None, "me/mycli:3", "responses")
    assert made.own_files == (".mycli/**",)
    assert made.install is None
    assert made.claim("anything", Path("/nowhere")) is None
    assert adapter("mycli", name="mine").name == "mine"


@pytest.mark.parametrize(
    ("command", "name", "words"),
    [
        ("", None, "empty"),
        ("mycli 'open", None, "No closing quotation"),
        ("mycli {base-url} {url}", None, r"--agent-cmd: no placeholder \{url\}.*\{base_url\}"),
        ("/usr/bin/opencode", None, "an agent opencode already.*--agent-name"),
        ("mycli", "a/b", "'a/b' is no name"),
        ("mycli", "../x", "no name"),
    ],
)
def test_commands_that_cannot_be(command: str, name: str | None, words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        adapter(command, name=name)
    assert "\n" not in str(raised.value)


def test_a_typo_in_the_environment() -> None:
    with pytest.raises(UsageError, match=r"--agent-env KEY: no placeholder \{tokn\}"):
        adapter("mycli", env={"KEY": "{tokn}"})


def test_options_for_the_environment() -> None:
    assert env_of(["A=1", "B=x=y", "C="]) == {"A": "1", "B": "x=y", "C": ""}
    for wrong in ("A", "=1", "A-B=1", "HOME=/x"):
        with pytest.raises(UsageError, match="--agent-env"):
            env_of([wrong])


def test_options_for_files(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("{model}")
    (tmp_path / "binary").write_bytes(b"\xff")
    assert files_of([f"./.my/c.json={tmp_path}/t"]) == {".my/c.json": "{model}"}
    for wrong, words in [
        ("a", "must look like"),
        (f"../a={tmp_path}/t", "under HOME"),
        (f"a={tmp_path}/nowhere", "nowhere: No such file"),
        (f"a={tmp_path}/binary", "not UTF-8"),
    ]:
        with pytest.raises(UsageError, match=words):
            files_of([wrong])
