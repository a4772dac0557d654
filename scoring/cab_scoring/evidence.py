"""What is known of one attempt before anything is judged: the input of scoring.

The runner builds :class:`Evidence`, stores it, and ``cab score`` reads it back, so every class has
``to_json()`` and ``from_json()``: plain dicts, an exact round trip. Paths are relative to the
workspace root and written with ``/``; globs are those of :mod:`cab_scoring.globs`.

Unknown is ``None``. A part that is ``None`` (``run``, ``workspace``, ``grade``) was never observed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Final, Literal, Self

from cab_proxy import records

Json = dict[str, Any]
"""A plain JSON object."""

Action = Literal["comply", "refuse", "clarify"]
ChangeKind = Literal["added", "removed", "modified"]
Killed = Literal["timeout", "output", "disk", "memory"]
Clock = Literal["agent", "wall"]
"""What a time limit is on: the agent's own time, without that spent waiting for the model, or all time."""

DOCUMENTS: Final = ("REFUSAL.md", "CLARIFY.md")
"""The files, at the workspace root, in which an agent says why a task is not done as written."""


class EvidenceError(ValueError):
    """Stored evidence that cannot be read. The message names the part and what is wrong."""


class _Plain:
    """JSON for a dataclass whose fields are JSON values or tuples of them."""

    __slots__ = ()

    def to_json(self) -> Json:
        """The fields as a plain dict; tuples become lists."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]  # a mixin
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`. Fields that this version doesn't know are ignored.

        Raises :class:`EvidenceError` when a field is missing.
        """
        return cls(**{name: _frozen(value) for name, value in _known(cls, raw).items()})


def _known(cls: type, raw: Mapping[str, Any]) -> Json:
    """The values of the class's fields; all must be there but those that older evidence lacks."""
    if not isinstance(raw, Mapping):
        raise EvidenceError(f"{cls.__name__} is not a JSON object")
    if missing := [f.name for f in fields(cls) if f.name not in raw and f.default is MISSING]:
        raise EvidenceError(f"{cls.__name__} lacks {', '.join(missing)}")
    return {f.name: raw[f.name] for f in fields(cls) if f.name in raw}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Constraint(_Plain):
    """Something that AGENTS.md asks for."""

    says: str
    """The sentence, word for word."""
    check: str | None
    """In the language of :mod:`cab_scoring.constraints`; ``None`` where no code can check it."""


@dataclass(frozen=True, slots=True)
class TaskFacts(_Plain):
    """What a task declares about itself."""

    id: str
    """``<category>/<slug>``."""
    category: str
    expected_action: Action | None
    """What an honest agent does; None where the task declares nothing."""
    forbidden: tuple[str, ...]
    """Rules in the language of :func:`cab_scoring.forbidden.parse_forbidden`."""
    protected: tuple[str, ...]
    """Globs of existing files, tests above all, that may not be changed or deleted."""
    ground_truth_files: tuple[str, ...]
    """Globs of the files that a solution changes."""
    build_files: tuple[str, ...]
    """Globs of what the task's own build and tests create."""
    refusal_evidence: tuple[str, ...]
    """Strings that a refusing or clarifying document must name; upper and lower case are the same."""
    expected_tests: tuple[str, ...]
    """Ids of the tests that pass with the solution."""
    constraints: tuple[Constraint, ...] = ()
    foreign: bool = False
    """A task from elsewhere: it says nothing of files, actions or tests, and its grader's reward alone is the
    verdict."""

    def to_json(self) -> Json:
        """The fields as a plain dict."""
        constraints = [constraint.to_json() for constraint in self.constraints]
        return {**_Plain.to_json(self), "constraints": constraints}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`. Raises :class:`EvidenceError` when a field is missing."""
        known = _known(cls, raw)
        constraints = tuple(Constraint.from_json(one) for one in known.pop("constraints", ()))
        return cls(**{name: _frozen(value) for name, value in known.items()}, constraints=constraints)


@dataclass(frozen=True, slots=True)
class AgentRun(_Plain):
    """How the agent's process went."""

    started_at: str
    """ISO 8601, UTC, ``Z``."""
    ended_at: str
    exit_code: int | None
    """As the shell or the sandbox gave it: negative or 128 and above for a signal."""
    timed_out: bool
    wall_clock_ms: float
    container_active_ms: float | None
    """Time in which the agent's container or sandbox ran."""
    agent_cpu_ms: float | None
    """CPU time of the sandbox's processes."""
    killed_for: Killed | None
    """The limit that ended it."""
    agent_files: tuple[str, ...]
    """Globs of the state files that this agent leaves in a workspace."""
    output: str
    """Standard output and standard error, bounded."""
    ran_out: Clock | None = None
    """The clock that ended it; ``None`` where none did, and in older evidence."""


@dataclass(frozen=True, slots=True)
class Change(_Plain):
    """One file that differs between the workspace as given and as left."""

    path: str
    kind: ChangeKind
    lines_added: int | None
    """None where lines mean nothing (binary files) or were not counted."""
    lines_removed: int | None
    comments_added: int | None = None
    """Of the added lines, those that are comments and nothing else; None where that is not known."""
    dependencies_added: tuple[str, ...] | None = None
    """What the file declares or imports now, did not before, and neither the language nor the task has."""
    network_tools_added: tuple[str, ...] | None = None
    """Network tools that the added lines run; None where lines were not looked at."""


@dataclass(frozen=True, slots=True)
class Workspace(_Plain):
    """The workspace as the agent left it, against how it was given."""

    changes: tuple[Change, ...]
    extra_git_dir: bool
    """A git repository appeared besides the workspace's own."""
    documents: Mapping[str, str]
    """Text of each of :data:`DOCUMENTS` that the agent wrote, by name."""

    def to_json(self) -> Json:
        """The fields as a plain dict."""
        return {
            "changes": [change.to_json() for change in self.changes],
            "extra_git_dir": self.extra_git_dir,
            "documents": dict(self.documents),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`. Raises :class:`EvidenceError` when a field is missing."""
        known = _known(cls, raw)
        return cls(
            changes=tuple(Change.from_json(change) for change in known["changes"]),
            extra_git_dir=known["extra_git_dir"],
            documents=dict(known["documents"]),
        )


@dataclass(frozen=True, slots=True)
class Grade(_Plain):
    """What the grader's sandbox gave."""

    completed: bool
    """The grader ran to its end and left a verdict."""
    reward: float | None
    """The verdict, 1 for a pass."""
    exit_code: int | None
    timed_out: bool
    passed_tests: tuple[str, ...]
    """Ids from the grader's JUnit report."""
    failed_tests: tuple[str, ...]
    tests_intact: bool
    """The hidden tests hash the same before and after."""
    stdout_tail: str
    stderr_tail: str


def tokens_from_json(raw: Mapping[str, Any] | None) -> records.Tokens | None:
    """Stored token counts; fields that this version doesn't know are ignored."""
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        raise EvidenceError("claimed is not a JSON object")
    return records.Tokens(**{kind: raw.get(kind) for kind in records.TOKEN_KINDS})


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one attempt left behind."""

    task: TaskFacts
    run: AgentRun | None
    workspace: Workspace | None
    grade: Grade | None
    calls: tuple[records.Record, ...]
    """The run's ledger records; ``open`` lines beside their ``call`` lines do no harm."""
    runner_fault: str | None
    """A cause of the failure table that the runner itself observed (``sandbox_error``, …)."""
    endpoint_healthy: bool | None
    """Whether the endpoint answered when the runner asked it; None when it was not asked."""
    claimed: records.Tokens | None = None
    """The agent's own token report, normalised as in the ledger; None without one."""

    def to_json(self) -> Json:
        """The evidence as a plain dict; calls are as in the ledger."""
        return {
            "task": self.task.to_json(),
            "run": self.run and self.run.to_json(),
            "workspace": self.workspace and self.workspace.to_json(),
            "grade": self.grade and self.grade.to_json(),
            "calls": [json.loads(records.encode(call)) for call in self.calls],
            "runner_fault": self.runner_fault,
            "endpoint_healthy": self.endpoint_healthy,
            "claimed": self.claimed and asdict(self.claimed),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises :class:`EvidenceError` for a missing field, a call that is no ledger record, or a part that is
        no list or object where one belongs.
        """
        known = _known(cls, raw)
        run, workspace, grade = known["run"], known["workspace"], known["grade"]
        try:
            return cls(
                task=TaskFacts.from_json(known["task"]),
                run=None if run is None else AgentRun.from_json(run),
                workspace=None if workspace is None else Workspace.from_json(workspace),
                grade=None if grade is None else Grade.from_json(grade),
                calls=tuple(records.decode(json.dumps(call).encode()) for call in known["calls"]),
                runner_fault=known["runner_fault"],
                endpoint_healthy=known["endpoint_healthy"],
                claimed=tokens_from_json(known["claimed"]),
            )
        except records.LedgerError as error:
            raise EvidenceError(f"a call of the evidence cannot be read: {error}") from None
        except TypeError as error:
            raise EvidenceError(f"a list or an object of the evidence is something else ({error})") from None
