"""``cab agents wire``'s text: run as it is, it leads an agent through the meter to an endpoint."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cab_proxy import records
from cab_runner import agents, byo
from cab_runner.agents.base import Adapter, WireContext, Wiring
from cab_sim.script import Edit, ModelScript, Script
from fakes.simulator import simulator

KEY = "real-key-5f1d0c7e9b"
ENDPOINT = "https://llm.example/v1"
SCRIPT = Script(
    task="test/wire",
    models={"oracle": ModelScript(edits=(Edit(path="a.py", before="print(1)\n", after="print(2)\n"),))},
)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_the_reference_agent_works_by_the_printed_text(tmp_path: Path) -> None:
    SCRIPT.dump(tmp_path / "script.json")
    work, temporary = tmp_path / "work", tmp_path / "tmp"
    work.mkdir()
    temporary.mkdir()
    (work / "a.py").write_text("print(1)\n")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with simulator("--script", str(tmp_path / "script.json"), key=KEY) as url:
        made = byo.recipe(agents.get("bash-loop"), url, key_env="MY_KEY", port=free_port())
        done = subprocess.run(
            ["sh", "-c", byo.script(made)],
            cwd=work,
            env={"PATH": path, "HOME": str(tmp_path), "TMPDIR": str(temporary), "MY_KEY": KEY,
                 "MODEL": "oracle", "PROMPT": "Make \"a.py\" print 2, $HOME and `all`.\nNothing else."},
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (work / "a.py").read_text() == "print(2)\n"
    claimed = json.loads(done.stdout.splitlines()[-1])["bash_loop"]
    calls = records.calls_of(records.verify((work / "calls.jsonl").read_bytes()).records)
    assert sum(call.tokens.input or 0 for call in calls) == claimed["prompt_tokens"] > 0
    assert {call.status for call in calls} == {200}
    assert "calls" in done.stderr
    assert list(temporary.iterdir()) == []
    assert KEY not in byo.script(made) + json.dumps(made.to_json()) + (work / "calls.jsonl").read_text()


def test_the_agents_exit_code_is_that_of_the_text(tmp_path: Path) -> None:
    failing = Adapter(
        name="a", version="1", protocol="chat", wire=lambda _: Wiring(command=("false",), env={})
    )
    made = byo.recipe(failing, "http://127.0.0.1:1/v1", port=free_port())
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", byo.script(made)], cwd=tmp_path, env={"PATH": path, "PROMPT": "p"},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 1


def test_without_its_meter_the_agent_does_not_start(tmp_path: Path) -> None:
    started = Adapter(
        name="a", version="1", protocol="chat", wire=lambda _: Wiring(command=("touch", "started"), env={})
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        made = byo.recipe(started, "http://127.0.0.1:1/v1", port=taken.getsockname()[1])
        done = subprocess.run(
            ["sh", "-c", byo.script(made)], cwd=tmp_path, env={"PATH": path, "PROMPT": "p"},
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    assert done.returncode != 0
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("missing", ["PROMPT", "MODEL"])
def test_what_the_user_has_to_set_is_asked_for(tmp_path: Path, missing: str) -> None:
    made = byo.recipe(agents.get("bash-loop"), ENDPOINT)
    given = {"PROMPT": "p", "MODEL": "m"}
    del given[missing]
    done = subprocess.run(
        ["sh", "-c", byo.script(made)], env=given, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"set {missing} first" in done.stderr
    assert "MODEL" not in byo.script(byo.recipe(agents.get("bash-loop"), ENDPOINT, model="m"))


def shown(wire: Wiring, work: Path) -> str:
    """What a command sees that is started as the text says, in place of the agent."""
    script = byo.script(
        byo.recipe(Adapter(name="a", version="1", protocol="chat", wire=lambda _: wire), ENDPOINT)
    )
    head, _, tail = script.partition("# the meter")
    without_meter = head + tail.partition("|| exit\n")[2]
    done = subprocess.run(
        ["sh", "-c", without_meter], cwd=work, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "PROMPT": "$(touch hit) `touch hit` 'a' \"b\" \\n",
             "TMPDIR": str(work), "HOME": "/their/own"},
    )  # fmt: skip
    assert not (work / "hit").exists()
    return done.stdout


@pytest.mark.parametrize(
    "literal", ["$PROMPT", "`touch hit`", "$(touch hit)", 'it\'s "so"', "a\\\\b\\n", "CAB"]
)
def test_literals_and_the_prompt_reach_the_agent_as_they_are(tmp_path: Path, literal: str) -> None:
    prompt = "$(touch hit) `touch hit` 'a' \"b\" \\n"
    wiring = Wiring(
        command=("sh", "-c", 'printf "%s|" "$@" "$V"; cat "$F"', "a", literal, "--p={prompt}"),
        env={"V": f"{literal}{{prompt}}", "F": "{home}/d e/f"},
        files={"d e/f": f"{literal}\n{{prompt}}_{literal}\n"},
    )
    file = f"{literal}\n{prompt}_{literal}\n"
    assert shown(wiring, tmp_path) == f"{literal}|--p={prompt}|{literal}{prompt}|{file}"


def test_an_agent_that_is_told_where_its_files_are_keeps_its_home(tmp_path: Path) -> None:
    command = ("sh", "-c", "echo $HOME")
    told = Wiring(command=command, env={"MY_HOME": "{home}/.my"}, files={".my/config.toml": ""})
    assert shown(told, tmp_path) == "/their/own\n"
    assert shown(Wiring(command=command, env={}), tmp_path) == "/their/own\n"
    untold = Wiring(command=command, env={}, files={".my/config.toml": ""})
    assert shown(untold, tmp_path).startswith(f"{tmp_path}/tmp.")


def test_the_recipe_for_machines() -> None:
    def wire(context: WireContext) -> Wiring:
        return Wiring(
            command=("a", context.model, context.prompt),
            env={
                "URL": context.base_url,
                "KEY": context.token,
                "C": f"{context.layout.home}/c",
                "OURS": "/opt/cab/agent/cache",  # of our image: nothing is there on a user's machine
            },
            files={"c/d": "x"},
        )

    made = byo.recipe(Adapter(name="a", version=None, protocol="chat", wire=wire), ENDPOINT, key_env="K")
    assert made.to_json() == {
        "agent": "a",
        "version": None,
        "verified": None,
        "endpoint": ENDPOINT,
        "proxy": (
            *("cab-proxy", "--upstream", ENDPOINT, "--listen", "127.0.0.1:8080"),
            *("--ledger", "calls.jsonl", "--no-live", "--key-env", "K"),
        ),
        "env": {"URL": "http://127.0.0.1:8080/v1", "KEY": "metered", "C": "{home}/c"},
        "files": {"c/d": "x"},
        "home_is_fresh": False,
        "command": ("a", "{model}", "{prompt}"),
    }


@pytest.mark.parametrize(
    ("name", "words"), [("opencode", "It is how version "), ("plandex", "nobody has run it here")]
)
def test_the_text_says_whether_it_was_ever_tried(name: str, words: str) -> None:
    assert words in byo.script(byo.recipe(agents.get(name), ENDPOINT))


@pytest.mark.parametrize("name", agents.names())
def test_every_agent_has_a_text_that_a_shell_can_read(name: str) -> None:
    script = byo.script(byo.recipe(agents.get(name), ENDPOINT, key_env="MY_KEY"))
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert not [name for name in ("{prompt}", "{home}", "{model}", "{workspace}") if name in script]
