"""``cab`` as its user sees it: bad input is one line, a documented exit code, and nothing half-written."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cab_runner.resources import tasks_dir
from fakes.commands import cab

TASK = "mutations/python-comparator-swap"


def run_cell(cwd: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    options = {"agent": "bash-loop", "model": "oracle", "task": TASK, "endpoint": "sim", "sandbox": "process"}
    options |= {name.replace("_", "-"): value for name, value in changed.items()}
    return cab(
        "run-cell", *(part for name, value in options.items() for part in (f"--{name}", value)), cwd=cwd
    )


def assert_one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("cab: warning")]
    assert line.startswith("cab: ")
    for word in words:
        assert word in line
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"agent": "nobody"}, 2, ["nobody", "bash-loop"]),
        ({"task": "mutations/nope"}, 2, ["mutations/nope", TASK]),
        ({"model": "gpt-5"}, 2, ["gpt-5", "oracle", "null", "cheat:1"]),
        ({"endpoint": "nonsense"}, 2, ["nonsense", "sim", "local"]),
        ({"endpoint": "http://127.0.0.1:1/v1", "sandbox": "process"}, 3, ["process"]),
        ({"key_env": "NO_SUCH_VARIABLE"}, 2, ["NO_SUCH_VARIABLE"]),
        ({"tasks_dir": "/nowhere"}, 2, ["/nowhere", "--tasks-dir"]),
        ({"attempt": "0"}, 2, ["attempt"]),
        ({"fault": "nonsense"}, 2, ["--fault", "nonsense", "429"]),
        ({"wall_ceiling": "60"}, 2, ["--wall-ceiling", "--timeout-on agent"]),
        ({"timeout_on": "agent", "timeout": "60", "wall_ceiling": "59"}, 2, ["--wall-ceiling", "--timeout"]),
        ({"timeout_on": "agent", "wall_ceiling": "inf"}, 2, ["--wall-ceiling", "number of seconds"]),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    tmp_path: Path, changed: dict[str, str], code: int, words: list[str]
) -> None:
    assert_one_line(run_cell(tmp_path, **changed), code, *words)
    assert not (tmp_path / "results").exists()


@pytest.mark.bwrap
def test_an_unreachable_endpoint_leaves_nothing(tmp_path: Path) -> None:
    done = run_cell(tmp_path, endpoint="http://127.0.0.1:1/v1", sandbox="bwrap")
    assert [line for line in done.stderr.splitlines() if line.startswith("cab: ")] == [
        "cab: nothing answers at http://127.0.0.1:1/v1: check the URL and that the server runs"
    ]
    assert done.returncode == 3
    assert not list(tmp_path.glob("results/.partial/*"))


def test_check_without_an_endpoint_names_all_three(tmp_path: Path) -> None:
    done = cab("check", "-a", "bash-loop", "-m", "m", "-t", TASK, cwd=tmp_path)
    assert_one_line(done, 2, "--endpoint URL", "CAB_ENDPOINT", "--endpoint sim", "--endpoint local")


def test_a_malformed_task_is_named_with_its_key(tmp_path: Path) -> None:
    folder = tmp_path / "tasks/mutations/broken"
    folder.mkdir(parents=True)
    (folder / "task.toml").write_text('version = "1.0"\n')
    done = run_cell(tmp_path, task="mutations/broken", tasks_dir=str(tmp_path / "tasks"))
    assert_one_line(done, 2, "mutations/broken/task.toml", "[metadata]")


def test_a_missing_option_is_named(tmp_path: Path) -> None:
    assert_one_line(cab("run-cell", "--agent", "bash-loop", cwd=tmp_path), 2, "--model")


def test_tasks_list(tmp_path: Path) -> None:
    done = cab("tasks", "list", "--json", cwd=tmp_path)
    assert TASK in {task["id"] for task in json.loads(done.stdout)}
    assert done.returncode == 0


def test_agents_list(tmp_path: Path) -> None:
    done = cab("agents", "list", "--json", cwd=tmp_path)
    assert {"bash-loop", "opencode", "aider"} <= {agent["name"] for agent in json.loads(done.stdout)}


def test_score_of_a_folder_without_attempts(tmp_path: Path) -> None:
    assert_one_line(cab("score", ".", cwd=tmp_path), 2, "no recorded attempt")


@pytest.mark.parametrize(("text", "file"), [("{", "cell.json"), ("[]", "cell.json"), ("{}", "lock.json")])
def test_score_of_a_broken_record(tmp_path: Path, text: str, file: str) -> None:
    (tmp_path / "cell.json").write_text(text)
    assert_one_line(cab("score", ".", cwd=tmp_path), 1, file)


def test_a_results_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run_cell(tmp_path, results="file")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == (
        "cab: cannot write results to file (Not a directory): give --results another folder"
    )


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = cab(
        "run-cell", "-a", "bash-loop", "-m", "oracle", "-t", TASK, "--endpoint", "sim",
        "--sandbox", "process", cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "file"),
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == f"cab: Not a directory: {tmp_path}/file/codingagentbench/scripts"


def test_a_terminal_without_utf8_gets_escapes(tmp_path: Path) -> None:
    done = cab("demo", "--sandbox", "process", cwd=tmp_path, PYTHONIOENCODING="ascii:strict")
    assert done.returncode == 0, done.stderr
    assert "bash-loop \\xb7 oracle" in done.stdout


def test_json_is_one_document_and_all_else_is_on_stderr(tmp_path: Path) -> None:
    done = cab("demo", "--sandbox", "process", "--json", cwd=tmp_path)
    assert len(json.loads(done.stdout)) == 2
    assert "is working" in done.stderr
    scored = cab("score", "results", "--json", cwd=tmp_path)
    assert [cell["scores"] for cell in json.loads(scored.stdout)] == [
        json.loads(path.read_bytes())["scores"] for path in sorted((tmp_path / "results").rglob("cell.json"))
    ]


def test_the_tasks_folder_of_the_checkout_is_the_default() -> None:
    assert (tasks_dir() / TASK / "task.toml").is_file()
