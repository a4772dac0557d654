"""What README.md and the other pages tell people to type exists, with the options that they name."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from cab_proxy.cli import cli as cab_proxy
from cab_runner.cli import cab
from cab_sim.cli import main as cab_sim

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS: dict[str, click.Command] = {"cab": cab, "cab-proxy": cab_proxy, "cab-sim": cab_sim}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands() -> list[tuple[str, str]]:
    """(page, command line) of every command in a sh block or in backticks."""
    found = []
    for page in PAGES:
        text = page.read_text()
        blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
        lines += re.findall(r"`((?:cab|cab-proxy|cab-sim|make) [^`\n]+)`", text)
        found += [(page.name, line.split("#")[0].strip()) for line in lines]
    return [(page, line) for page, line in found if line.split(" ")[0] in {*PROGRAMS, "make"}]


@pytest.mark.parametrize(("page", "line"), commands())
def test_the_command_exists(page: str, line: str) -> None:
    words = shlex.split(line.split(" -- ", maxsplit=1)[0].replace("…", "").replace("|", " "))
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line
        return
    command = PROGRAMS[words[0]]
    rest = words[1:]
    while rest and isinstance(command, click.Group) and rest[0] in command.commands:
        command = command.commands[rest[0]]
        rest = rest[1:]
    group = isinstance(command, click.Group) and not command.invoke_without_command
    assert not (group and rest and not rest[0].startswith("-")), f"{line}: there is no {rest[0]}"
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    for word in rest:
        if word.startswith("-"):
            assert word in {*known, "--help"}, f"{line}: {word}"


def test_there_are_commands_to_check() -> None:
    assert len(commands()) > 15
