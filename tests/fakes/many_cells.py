"""Cell records of many attempts, as a sweep leaves them; scored from real evidence, a few of each kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from itertools import count, product
from pathlib import Path
from random import Random
from typing import Any

import orjson

from cab_proxy.records import Tokens
from fakes.cells import cell
from fakes.evidence import FAILED_GRADE, GRADE, call, evidence, failed_call

_numbers = count(1)


@lru_cache
def _cell(
    passed: bool,
    tokens: tuple[int | None, int | None],
    usd: str | None,
    neutral: str | None,
    cached: int | None,
    fault: str | None,
    claimed: int | None,
) -> bytes:
    """One to be filled in; text, so that no two share a part."""
    parts = {"system": 300, "tools": 100, "messages": 600}
    answered = call(
        tokens=tokens,
        cost_usd=None if usd is None else Decimal(usd),
        cost_neutral_usd=None if neutral is None else Decimal(neutral),
        prompt_parts=parts,
    )
    refused = (failed_call(429, at_s=2),) if fault == "rate_limited" else ()
    return orjson.dumps(
        cell(
            evidence(
                grade=GRADE if passed else FAILED_GRADE,
                calls=(replace(answered, tokens=replace(answered.tokens, cached=cached)), *refused),
                runner_fault=None if refused else fault,
                claimed=None if claimed is None else Tokens(input=claimed, output=0, total=claimed),
            )
        )
    )


def attempt(
    agent: str = "aider",
    task: str = "mutations/swap",
    *,
    model: str = "small-1",
    passed: bool = True,
    tokens: tuple[int | None, int | None] = (1000, 100),
    usd: str | None = None,
    neutral: str | None = None,
    cached: int | None = None,
    fault: str | None = None,
    claimed: int | None = None,
    kind: str = "real",
    task_hash: str = "0" * 64,
    **identity: Any,
) -> dict[str, Any]:
    """A cell record. ``fault`` is ``rate_limited`` or one of the runner's own, and voids it."""
    made: dict[str, Any] = orjson.loads(_cell(passed, tokens, usd, neutral, cached, fault, claimed))
    number = next(_numbers)
    return {
        **made,
        "schema_version": 1,
        "identity": {
            "cell_id": f"s/{agent}/{model}/{task}",
            "sweep_id": "s",
            "attempt": number,
            "run_id": f"run-{number}",
            "agent": agent,
            "agent_version": "1",
            "model": model,
            "task": task,
            "behavior_mode": "factory",
            "simulated": kind == "simulated",
            **identity,
        },
        "provisional": kind == "provisional",
        "provenance": {"task_hash": task_hash},
    }


def sweep(agents: int, models: int, tasks: int, attempts: int = 1, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Agents that differ in what they pass, on tasks that differ in how hard they are."""
    draw = Random(seed)
    skill = [draw.random() for _ in range(agents)]
    ease = [draw.random() for _ in range(tasks)]
    for agent, model, task, _ in product(range(agents), range(models), range(tasks), range(attempts)):
        spent = draw.randrange(1, 9)
        yield attempt(
            f"agent-{agent:02}",
            f"mutations/task-{task:02}",
            model=f"model-{model:02}",
            passed=draw.random() < (skill[agent] + ease[task]) / 2,
            tokens=(10_000 * spent, 1_000 * spent),
            usd=f"0.{spent:02}",
            fault="rate_limited" if draw.random() < 0.01 else None,
        )


def write(folder: Path, cells: Iterable[dict[str, Any]]) -> Path:
    """Attempt folders with a cell.json each; returns ``folder``."""
    for made in cells:
        identity = made["identity"]
        attempt_folder = folder.joinpath(*identity["cell_id"].split("/"), str(identity["attempt"]))
        attempt_folder.mkdir(parents=True)
        (attempt_folder / "cell.json").write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2))
    return folder
