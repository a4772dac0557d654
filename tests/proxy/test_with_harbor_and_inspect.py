"""``cab-proxy run -- harbor run …`` and ``-- inspect eval …``, as docs/with-harbor-and-inspect.md has them.

Both come from PyPI, pinned, into environments of their own. What they say of their tokens must be what the
ledger says, and what the simulator counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cab_proxy.records import Record, calls_of
from fakes.harbor_package import harbor_programs, installed, require_compose
from fakes.metered import read_ledger
from fakes.simulator import simulator

pytestmark = pytest.mark.acceptance

KEY = "secret"


def meter(folder: Path, *command: str | Path) -> tuple[Record, ...]:
    """Run the command behind the meter, in front of a simulator; its calls, as both have counted them."""
    ledger, count = folder / "calls.jsonl", folder / "sim.jsonl"
    with simulator("--count", str(count), key=KEY) as url:
        done = subprocess.run(
            [sys.executable, "-m", "cab_proxy", "run", "--upstream", url, "--ledger", ledger, "--", *command],
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "CAB_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    calls = calls_of(read_ledger(ledger))
    served = [json.loads(line) for line in count.read_text().splitlines()]
    assert sorted(tokens(call) for call in calls) == sorted(
        (call["prompt_tokens"], call["completion_tokens"]) for call in served
    )
    assert {call.tokens_source.total for call in calls} == {"reported"}
    return calls


def tokens(*calls: Record) -> tuple[int, int]:
    return sum(call.tokens.input or 0 for call in calls), sum(call.tokens.output or 0 for call in calls)


def found(folder: Path, pattern: str) -> Any:
    [path] = folder.glob(pattern)
    return json.loads(path.read_text())


MINI = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

@task
def mini():
    samples = [Sample(input=f"Say {word}.", target="x") for word in ("hello", "goodbye", "nothing")]
    return Task(dataset=samples, solver=generate(), scorer=includes())
"""


@pytest.fixture(scope="module")
def inspect_ai(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect") / "venv"
    return installed(folder, sys.executable, "inspect-ai==0.3.285", "openai==3.54.0") / "inspect"


@pytest.mark.parametrize("options", [["-M", "responses_api=false"], []], ids=["chat", "responses"])
def test_inspect_counts_what_the_ledger_has(inspect_ai: Path, tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "mini.py").write_text(MINI)
    shown = ["--display", "none", "--log-dir", "logs", "--log-format", "json"]
    calls = meter(tmp_path, inspect_ai, "eval", "mini.py", "--model", "openai/oracle", *shown, *options)
    log = found(tmp_path, "logs/*.json")
    usage = log["stats"]["model_usage"]["openai/oracle"]
    # once, it asks whether the account may have summaries of reasoning, and leaves that call out
    told = [call for call in calls if call.params.reasoning_effort is None]
    assert len(told) == 3
    assert len(calls) - len(told) == (0 if options else 1)
    assert tokens(*told) == (usage["input_tokens"], usage["output_tokens"])
    assert KEY not in json.dumps(log)


TASK = {
    "task.toml": 'version = "1.0"\n[agent]\ntimeout_sec = 300.0\n',
    "instruction.md": "Write done to /app/done.txt.\n",
    "environment/Dockerfile": (
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends tmux asciinema\n"
        "WORKDIR /app\n"
    ),
    "tests/test.sh": "#!/bin/bash\necho 0 > /logs/verifier/reward.txt\n",
}


@pytest.mark.docker
def test_harbor_counts_what_the_ledger_has(tmp_path: Path) -> None:
    require_compose()
    harbor = harbor_programs(tmp_path / "venv") / "harbor"
    for name, text in TASK.items():
        (tmp_path / "task" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "task" / name).write_text(text)
    agent = ["--agent", "terminus-2", "--model", "openai/oracle", "--ak", "max_turns=2"]
    calls = meter(tmp_path, harbor, "run", "-p", "task", *agent, "-o", "jobs", "--yes", "--quiet")
    result = found(tmp_path, "jobs/*/*/result.json")["agent_result"]
    assert len(calls) == 2
    assert tokens(*calls) == (result["n_input_tokens"], result["n_output_tokens"])
    assert not [
        path for path in tmp_path.glob("jobs/**/*") if path.is_file() and KEY in path.read_text("latin-1")
    ]
