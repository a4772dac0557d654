"""The commands that a cell's page prints, as data: to run the cell again, and to check its evidence.

They are for a shell, so names of a record are quoted, and a record whose names are no plain text has none.
A record chooses neither where a key goes (the endpoint is the reader's own variable) nor what runs with it:
its image is opened without a network.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cab_report.attempt.scores import part
from cab_report.segments import segment

_AGENT: Final = re.compile(r"[A-Za-z0-9][\w.+-]*", re.ASCII)
_DIGEST: Final = re.compile(r"([a-z0-9][\w./:-]*@)?sha256:[0-9a-f]{64}", re.ASCII)
_NO_NAMES: Final = "No commands: a name in this record is no plain text."
_BY_COMMAND: Final = (
    "This agent has no adapter: it was brought along by its command line, which is in the trace's container "
    "span, filled in. cab run-cell --help says how to give one (--agent-cmd)."
)
_OWN: Final = '--endpoint "$CAB_ENDPOINT" --key-env CAB_KEY'
_YOURS: Final = "CAB_ENDPOINT (…/v1) and CAB_KEY in your environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line for a shell."""

    name: str
    """What it does."""
    text: str
    needs: str
    """What must be there for it to work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """All that a page prints."""

    run: tuple[Command, ...] = ()
    evidence: tuple[Command, ...] = ()
    note: str | None = None
    """Why some are not here."""


def commands(
    cell: Mapping[str, Any], lock: Mapping[str, Any], folder: Path, files: Collection[str]
) -> Commands:
    """The commands of an attempt. ``files`` are the names of those that its folder has."""
    identity = part(cell, "identity")
    names = [identity.get(name) for name in ("agent", "model", "task")]
    if not all(isinstance(name, str) and _plain(name) for name in names) or not _AGENT.fullmatch(
        str(names[0])
    ):
        return Commands(note=_NO_NAMES)
    known = identity.get("agent_version") is not None
    foreign = bool(part(lock, "task", "facts").get("foreign"))
    return Commands(
        run=(*(_run(identity, foreign=foreign) if known else ()), *_image(identity)),
        evidence=tuple(_evidence(cell, folder, files)),
        note=None if known else _BY_COMMAND,
    )


def _run(identity: Mapping[str, Any], *, foreign: bool) -> Iterator[Command]:
    agent, model, task = (shlex.quote(str(identity[name])) for name in ("agent", "model", "task"))
    within = "sim" if identity.get("simulated") is True else None
    within = "local" if within is None and identity.get("endpoint") == "local" else within
    endpoint = f"--endpoint {within}" if within else _OWN
    sandbox = identity.get("sandbox")
    where = f" --sandbox {sandbox}" if sandbox in ("process", "bwrap") else ""
    isolated = where if sandbox == "bwrap" else ""
    the_task = f"TASK: the folder of {identity['task']}, a task that came from elsewhere" if foreign else ""
    named = '"$TASK"' if foreign else task
    yield Command(
        name="The same cell again",
        text=f"cab run-cell --agent {agent} --model {model} {endpoint} --task {named}{where}",
        needs="; ".join(filter(None, (None if within else _YOURS, the_task))) or "nothing else",
    )
    yours, the_model = ('"$MODEL"', "MODEL: one that it serves") if within else (model, None)
    yield Command(
        name="As a check of your own endpoint, provisional",
        text=f"cab check --agent {agent} --model {yours} {_OWN} --task {named}{isolated}",
        needs="; ".join(filter(None, (_YOURS, the_model, the_task))),
    )
    if not foreign:
        passed_on = f" --endpoint {within}" if within else ""
        yield Command(
            name="All in one container: agent, meter and grader",
            text=f'docker run --rm -e CAB_ENDPOINT -e CAB_KEY -v "$PWD/results:/root/results" '
            f"codingagentbench/{agent} run-cell --agent {agent} --model {model} --task {task}{passed_on}",
            needs=f"docker, and once: cab agents build {agent}" + ("" if within else f"; {_YOURS}"),
        )
    served = f" --model {model}" if within is None else ""
    yield Command(
        name="Your own installed CLI, metered: prints a script for sh",
        text=f'cab agents wire {agent} --endpoint "$CAB_ENDPOINT"{served}',
        needs="CAB_ENDPOINT (…/v1) in your environment",
    )


def _image(identity: Mapping[str, Any]) -> Iterator[Command]:
    digest = identity.get("image_digest")
    if isinstance(digest, str) and (found := _DIGEST.fullmatch(digest)):
        local = (
            "docker on the machine that built it: an image built elsewhere has another id, and this one is "
        )
        local += f"in no registry. cab agents build {identity['agent']} builds one from the same sources"
        yield Command(
            name="A shell in exactly the image that it ran in",
            text=f"docker run --rm -it --network none --entrypoint sh {digest}",
            needs="docker" if found[1] else local,
        )


def _evidence(cell: Mapping[str, Any], folder: Path, files: Collection[str]) -> Iterator[Command]:
    place = _place(part(cell, "identity"), folder)
    needs = "to be run in the folder of results" if place else "to be run in the attempt's own folder"
    version = part(cell, "provenance").get("methodology_version")
    if "calls.jsonl" in files:
        ledger = shlex.quote(f"{place}/calls.jsonl" if place else "calls.jsonl")
        yield Command(
            name="Was a line of the ledger changed?", text=f"cab ledger verify {ledger}", needs=needs
        )
    if {"cell.json", "lock.json", "grade.json"} <= {*files}:
        by = f" --methodology {version}" if version in ("0.1", "1.0") else ""
        text = f"cab score {shlex.quote(place or '.')}{by}"
        yield Command(name="Score it again from its evidence", text=text, needs=needs)


def _place(identity: Mapping[str, Any], folder: Path) -> str | None:
    """Where the attempt lies in a folder of results; None where its folder isn't named after it."""
    names = f"{identity.get('cell_id')}/{identity.get('attempt')}".split("/")
    parts = tuple(segment(name) for name in names)
    return "/".join(parts) if folder.parts[-len(parts) :] == parts else None


def _plain(name: str) -> bool:
    return name.isprintable() and not name.startswith("-")
