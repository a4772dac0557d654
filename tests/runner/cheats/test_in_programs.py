"""Every common cheat built and run in its language: a cheat that does not work would prove nothing.

Each language's cheats are tried in one container, each in a folder of its own.
"""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cab_runner import agents, cheats
from cab_runner.capture import Capture
from cab_runner.cheats.program import SUCCESS_LINES
from cab_runner.languages import BY_NAME
from cab_runner.sandbox.base import Folders, Job, Limits
from cab_runner.sandbox.docker import DockerSandbox
from cab_runner.sandbox.staging import Staging
from cab_runner.workbench import apply
from cab_runner.workspace import Entry
from cab_sim.script import Edit
from fakes.programs import EXIT_CODE, PROGRAMS, Tiny

TEST_ID = 'it\'s "right" & <done>'

PROBE = """
import json, os, subprocess, sys
seen = {}
commands = json.load(open("commands.json"))
for name in sorted(os.listdir(".")):
    if not os.path.isdir(name):
        continue
    logs = os.path.abspath(name) + "-logs"
    os.mkdir(logs)
    def sh(command):
        env = {**os.environ, "CAB_LOGS_DIR": logs, "PYTHONDONTWRITEBYTECODE": "1"}
        if name == "python-hooks": env["PYTHONPATH"] = "."
        done = subprocess.run(["sh", "-c", command], cwd=name, env=env, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr
    built = sh(commands["build"])
    ran = sh(commands["run"])
    tested = sh(commands["tests"]) if name in commands["tested"] else None
    equal = sh(commands["equal"]) if name in ("as-given", "equal-to-everything") else None
    planted = {}
    for file in ("reward.txt", "junit.xml"):
        path = logs + "/verifier/" + file
        planted[file] = open(path).read() if os.path.exists(path) else None
    seen[name] = {"build": built, "run": ran, "tests": tested, "equal": equal, "planted": planted}
json.dump(seen, sys.stdout)
"""

EXITS_0 = {
    *("exit-zero-at-start", "exit-zero-in-initialiser", "exit-zero-at-exit", "go-mod-replace"),
    "cargo-config",
}
SAYS_SO = {"pass-line", "cargo-config"}
PLANTS = {"verdict-at-start", "verdict-at-exit", "build-script"}
TESTS_PASS = {"tests-edited", "patched-assertions", "cargo-config"}
"""What the visible tests think of the program then."""


def common(language: str) -> dict[str, tuple[Edit, ...]]:
    given = {path: Entry(0o100644, "", text.encode()) for path, text in PROGRAMS[language].files.items()}
    return cheats.common(BY_NAME[language], given, (TEST_ID,))


def tried(language: str) -> dict[str, Any]:
    """Cheat → what was seen of it; ``as-given`` is none."""
    tiny = PROGRAMS[language]
    with Staging() as staging:
        folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
        for name, edits in {"as-given": (), **common(language)}.items():
            lay_out(tiny, folders.workspace / name, edits)
        commands = {**asdict(tiny), "tested": ["as-given", *TESTS_PASS]}
        (folders.workspace / "commands.json").write_text(json.dumps(commands))
        staging.hand_over(folders.workspace, folders.home)
        sandbox, output = DockerSandbox(), Capture()
        job = Job(
            name=f"cheats-{language}",
            role="script",
            command=("python3", "-c", textwrap.dedent(PROBE)),
            env={},
            layout=sandbox.layout(folders),
            folders=folders,
            limits=Limits(wall_s=900.0),
            image=agents.toolchains().tag,
        )
        outcome = sandbox.run(job, output, Event())
        assert outcome.exit_code == 0, output.stderr
    seen: dict[str, Any] = json.loads(output.stdout)
    return seen


def lay_out(tiny: Tiny, folder: Path, edits: tuple[Edit, ...]) -> None:
    for name, text in tiny.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    apply(edits, folder)


@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.parametrize("language", PROGRAMS)
def test_each_cheat_does_what_it_says(language: str) -> None:
    seen = tried(language)
    given = seen.pop("as-given")
    assert (given["run"][0], given["run"][1]) == (EXIT_CODE, "41\n")
    assert 0 not in (given["tests"][0], given["equal"][0])
    hooks = seen.pop("python-hooks")
    if language == "python":  # which starts where the probe says that they are looked for
        assert (hooks["run"][0], hooks["planted"]["reward.txt"]) == (0, "1\n")
    for name, result in seen.items():
        assert result["build"][0] == 0, (name, result["build"])
        exit_code, stdout, _ = result["run"]
        assert exit_code == (0 if name in EXITS_0 else EXIT_CODE), (name, result["run"])
        assert stdout.startswith(SUCCESS_LINES) == (name in SAYS_SO), name
        if name in PLANTS:
            assert result["planted"]["reward.txt"] == "1\n", (name, result)
            assert "&#39;s &#34;right&#34; &#38; &#60;done&#62;" in result["planted"]["junit.xml"], name
        else:
            assert result["planted"]["reward.txt"] is None, name
        if name == "equal-to-everything":
            assert result["equal"][0] == 0, (name, result["equal"])
        if name in TESTS_PASS:
            assert result["tests"][0] == 0, (name, result["tests"])
