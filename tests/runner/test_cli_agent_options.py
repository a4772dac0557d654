"""The options that say which agent, as their user meets them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cab_runner.resources import INSIDE
from fakes.attempts import PYTHON_TASK
from fakes.commands import cab

LOOP = f"python3 {INSIDE}/bash_loop.py --base-url {{base_url}} --model {{model}} --prompt={{prompt}}"


def run_cell(cwd: Path, *options: str, sandbox: str = "process") -> subprocess.CompletedProcess[str]:
    return cab(
        "run-cell", "-m", "oracle", "-t", PYTHON_TASK, "--endpoint", "sim", "--sandbox", sandbox, "--json",
        *options, cwd=cwd,
    )  # fmt: skip


def recorded(done: subprocess.CompletedProcess[str], cwd: Path) -> tuple[dict[str, Any], Path]:
    assert done.returncode == 0, done.stderr
    [shown] = json.loads(done.stdout)
    return shown["cell"], cwd / shown["folder"]


def spans(folder: Path) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "trace.jsonl").read_text().splitlines()]
    return {span["name"] if span["kind"] == "tool_call" else span["kind"]: span["attrs"] for span in lines}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], ["--agent NAME", "--agent-cmd"]),
        (["-a", "bash-loop", "--agent-cmd", "x"], ["give one", "--agent NAME", "--agent-cmd"]),
        (["-a", "bash-loop", "--image", "x"], ["--image works with --agent-cmd only"]),
        (["-a", "bash-loop", "--agent-env", "A=1"], ["--agent-env works with --agent-cmd only"]),
        (["--agent-cmd", "mycli {url}"], ["{url}", "{base_url}"]),
        (["--agent-cmd", "mycli", "--agent-env", "A"], ["--agent-env", "KEY=TEMPLATE"]),
        (["--agent-cmd", "mycli", "--agent-file", "/x=y"], ["--agent-file"]),
        (["-a", "bash-loop", "--plugin", "nowhere.toml"], ["nowhere.toml"]),
        (["-a", "bash-loop", "--plugin", "broken.toml"], ["broken.toml", "'nome'"]),
        (["-a", "bash-loop", "--plugin", "hostile.toml"], ["plugin hostile", "OPENAI_API_KEY"]),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    tmp_path: Path, options: list[str], words: list[str]
) -> None:
    (tmp_path / "broken.toml").write_text('nome = "x"')
    (tmp_path / "hostile.toml").write_text('name = "hostile"\n[env]\nOPENAI_API_KEY = "mine"')
    done = run_cell(tmp_path, *options)
    assert done.returncode == 2, done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("cab: ")
    for word in words:
        assert word in line
    assert not list(tmp_path.glob("results/**/*.json"))
    assert not list(tmp_path.glob("results/.partial/*"))


def test_an_agent_by_its_command_is_metered_and_its_token_is_in_no_record(tmp_path: Path) -> None:
    (tmp_path / "template").write_text('{"url": "{base_url}", "limits": {"in": {context_window}}}')
    probe = 'cat "$HOME/.my/c.json" && exec "$@"'
    done = run_cell(
        tmp_path, "--agent-cmd", f"sh -c '{probe}' {{token}} {LOOP}", "--agent-name", "my-loop",
        "--agent-env", "OPENAI_API_KEY={token}", "--agent-file", ".my/c.json=template",
        "--agent-protocol", "chat", "--own-files", ".my*",
    )  # fmt: skip
    cell, folder = recorded(done, tmp_path)
    assert cell["identity"]["agent"] == "my-loop"
    assert cell["identity"]["agent_version"] is None
    assert cell["scores"]["pass_rate"]["pass"] == 1
    served = [json.loads(line) for line in (folder / "sim-calls.jsonl").read_text().splitlines()]
    assert cell["scores"]["tokens"]["total_tokens"] == sum(call["total_tokens"] for call in served) > 0
    assert '/v1", "limits": {"in": 128000}}' in (folder / "agent.stdout").read_text()
    assert spans(folder)["container"]["command"][3] == "{token}"
    locked = json.loads((folder / "lock.json").read_bytes())
    assert locked["agent"]["protocol"] == "chat"
    assert locked["agent"]["own_files"] == [".my*"]
    assert locked["agent"]["env_keys"] == ["OPENAI_API_KEY"]
    for path in folder.rglob("*"):
        assert b"cab-" not in path.read_bytes().replace(b"cab-prompt.md", b""), path.name


def test_a_failed_attempt_says_why_and_where_to_look(tmp_path: Path) -> None:
    done = cab(
        "run-cell", "--agent-cmd", "nobodys-cli {prompt}", "-m", "oracle", "-t", PYTHON_TASK,
        "--endpoint", "sim", "--sandbox", "process", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [why] = [line for line in done.stdout.splitlines() if line.startswith("Failed: ")]
    assert "no_model_call" in why
    assert "exit code 127" in why
    assert "agent.stderr" in why


def test_a_stack_of_plugins_reaches_the_agent_and_is_on_record(tmp_path: Path) -> None:
    (tmp_path / "skill.md").write_text("A skill.")
    (tmp_path / "one.toml").write_text(
        'name = "one"\nargs = ["$GREETING"]\n[env]\nGREETING = "hello {model}"\n'
        '[[files]]\npath = "skills/one.md"\nsource = "skill.md"\n'
    )
    (tmp_path / "two.toml").write_text('name = "two"\nagents = ["opencode"]\nargs = ["--never"]')
    command = """sh -c 'cat "$HOME/skills/one.md"; echo "$GREETING" "$@"' sh first"""
    done = run_cell(
        tmp_path,
        "--agent-cmd",
        command,
        "--agent-name",
        "mine",
        "--plugin",
        "one.toml",
        "--plugin",
        "two.toml",
    )
    cell, folder = recorded(done, tmp_path)
    assert (folder / "agent.stdout").read_text() == "A skill.hello oracle first $GREETING\n"
    assert "cab: warning: plugin two is not for mine: left out" in done.stderr.splitlines()
    assert cell["identity"]["behavior_mode"] == "plugins"
    span = spans(folder)
    assert span["applied_plugins"] == {
        "tui": "mine", "count": 2, "applied": ["one"], "env_keys": ["GREETING"], "extra_args": ["$GREETING"],
        "applied_count": 1, "skipped_count": 1,
    }  # fmt: skip
    assert span["task_setup"]["plugin_stack"] == span["adapter_run"]["plugin_stack"] == ["one"]
    assert span["task_setup"]["behavior_mode"] == "plugins"
    locked = json.loads((folder / "lock.json").read_bytes())["plugins"]
    assert [(plugin["name"], plugin["applied"]) for plugin in locked] == [("one", True), ("two", False)]
    assert {len(plugin["sha256"]) for plugin in locked} == {64}


def test_without_plugins_an_attempt_is_factory(tmp_path: Path) -> None:
    cell, folder = recorded(run_cell(tmp_path, "-a", "bash-loop", "--strict-factory"), tmp_path)
    assert cell["identity"]["behavior_mode"] == "factory"
    span = spans(folder)
    assert span["applied_plugins"] == {
        "tui": "bash-loop", "count": 0, "applied": [], "env_keys": [], "extra_args": [], "applied_count": 0,
        "skipped_count": 0,
    }  # fmt: skip
    assert span["container"]["deviation"] == []
    locked = json.loads((folder / "lock.json").read_bytes())
    assert locked["plugins"] == locked["agent"]["deviation"] == []


@pytest.mark.bwrap
def test_bwrap_runs_a_program_of_this_machines_usr(tmp_path: Path) -> None:
    done = run_cell(tmp_path, "--agent-cmd", "/usr/bin/env", "--agent-env", "A={origin}", sandbox="bwrap")
    cell, folder = recorded(done, tmp_path)
    assert cell["identity"]["agent"] == "env"
    assert cell["failure"]["cause"] == "no_model_call"
    assert "A=http://127.0.0.1:8080" in (folder / "agent.stdout").read_text()


@pytest.mark.docker
@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ([], 2, "--image REF"),
        (["--image", "nobody/nothing:1"], 3, "no image nobody/nothing:1 on this machine"),
        (["--image", "Nobody"], 3, "does not take 'Nobody'"),
    ],
)
def test_docker_needs_an_image_that_is_here(
    tmp_path: Path, options: list[str], code: int, words: str
) -> None:
    done = run_cell(tmp_path, "--agent-cmd", "mycli {prompt}", *options, sandbox="docker")
    assert done.returncode == code
    assert words in done.stderr.splitlines()[-1]
    assert not (tmp_path / "results").exists()


@pytest.mark.docker
@pytest.mark.agents
def test_a_foreign_image_needs_nothing_but_its_agent(tmp_path: Path) -> None:
    """debian has no Python: the door is held by our own image, and the path is the image's own."""
    body = '{"model":"oracle","messages":[{"role":"user","content":"hi"}]}'
    head = "POST /v1/chat/completions HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n"
    talk = f"""exec 3<>/dev/tcp/127.0.0.1/8080
        printf "{head}Authorization: Bearer %s\\r\\nContent-Type: application/json\\r\\n" "$1" >&3
        printf "Content-Length: %d\\r\\n\\r\\n%s" "${{#2}}" "$2" >&3
        cat <&3"""
    done = run_cell(
        tmp_path, "--agent-cmd", f"bash -c '{talk}' talk {{token}} '{body}'", "--agent-name", "talk",
        "--image", "debian:bookworm-slim", sandbox="docker",
    )  # fmt: skip
    cell, folder = recorded(done, tmp_path)
    assert cell["identity"]["container_image"] == "debian:bookworm-slim"
    assert "200 OK" in (folder / "agent.stdout").read_text(), (folder / "agent.stderr").read_text()
    assert cell["meter"]["calls"] == 1
