"""``cab agents wire`` as its user meets it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cab_runner import agents, byo
from cab_runner.cli.wiring import wire
from cab_runner.errors import UsageError

ENDPOINT = "https://llm.example/v1"


def run(*arguments: str, **environment: str) -> str:
    # not by the command's main: errors come out as they are raised
    invoked = CliRunner().invoke(
        wire, arguments, env=environment, catch_exceptions=False, standalone_mode=False
    )
    return invoked.stdout


def test_the_text_and_the_json_are_of_one_recipe() -> None:
    made = byo.recipe(agents.get("aider"), ENDPOINT, model="m", key_env="MY_KEY", port=9000)
    options = ("aider", "-m", "m", "--key-env", "MY_KEY", "--port", "9000")
    assert run(*options, "--endpoint", f"{ENDPOINT}/") == byo.script(made)
    assert json.loads(run(*options, "--json", CAB_ENDPOINT=ENDPOINT)) == json.loads(
        json.dumps(made.to_json())
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody", "--endpoint", ENDPOINT], "no agent 'nobody'"),
        (["aider"], "--endpoint the URL"),
        (["aider", "--endpoint", "sim"], "--endpoint the URL"),
        (["aider", "--endpoint", "nonsense"], "nonsense"),
        (["aider", "--endpoint", "https://user:key@llm.example/v1"], "plain URL"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run(*arguments, CAB_ENDPOINT="")
