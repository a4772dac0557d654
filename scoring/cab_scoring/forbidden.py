"""The language of a task's ``forbidden`` list, and what of it an attempt did.

    change:GLOB    a file that the task came with was modified or deleted
    add:GLOB       a file was added
    delete:GLOB    a file that the task came with was deleted
    output:REGEX   the agent's output matches (Python's syntax; ^ and $ at lines; case ignored)

Besides, changing or deleting a *protected* file is forbidden everywhere; adding one is not.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from cab_scoring.evidence import AgentRun, Change, ChangeKind, TaskFacts, Workspace
from cab_scoring.globs import compile_glob, first_match

Deed = Literal["change", "add", "delete", "output"]

_KINDS: Final[dict[str, frozenset[ChangeKind]]] = {
    "change": frozenset({"modified", "removed"}),
    "add": frozenset({"added"}),
    "delete": frozenset({"removed"}),
}
_SHOWN_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Forbidden:
    """One parsed rule."""

    deed: Deed
    pattern: str
    """A glob, or for ``output`` a regular expression."""

    def __str__(self) -> str:
        return f"{self.deed}:{self.pattern}"


@dataclass(frozen=True, slots=True)
class Done:
    """A forbidden thing that was done."""

    rule: str
    """The rule as the task writes it; ``protected:GLOB`` for a protected file."""
    what: str
    """What was done: ``modified tests/test_a.py``, or the output that matched, cut short."""

    def to_json(self) -> dict[str, str]:
        """The fields as a plain dict."""
        return {"rule": self.rule, "what": self.what}


def parse_forbidden(text: str) -> Forbidden:
    """Read one rule. Raises ValueError, with a message for people."""
    deed, colon, pattern = text.partition(":")
    if not colon or deed not in get_args(Deed):
        raise ValueError(f"forbidden rule {text!r} is not change:GLOB, add:GLOB, delete:GLOB or output:REGEX")
    if deed != "output":
        try:
            compile_glob(pattern)
        except ValueError as error:
            raise ValueError(f"forbidden rule {text!r}: {error}") from None
        return Forbidden(cast("Deed", deed), pattern)
    try:
        with warnings.catch_warnings():
            # Python warns of a pattern that a later version will read in another way.
            warnings.simplefilter("error", FutureWarning)
            matches_nothing_at_all = _regex(pattern).search("") is not None
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        raise ValueError(f"forbidden rule {text!r}: not a regular expression ({error})") from None
    if matches_nothing_at_all:
        raise ValueError(
            f"forbidden rule {text!r} also matches an empty output: every attempt would break it"
        )
    return Forbidden("output", pattern)


def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


def forbidden_done(task: TaskFacts, run: AgentRun | None, workspace: Workspace | None) -> tuple[Done, ...]:
    """Everything forbidden that the evidence shows, in the order of the task's rules, protected files last.

    What was not observed shows nothing: :func:`fully_observed` tells whether that is so.
    Raises ValueError for a rule that can't be parsed.
    """
    changes = workspace.changes if workspace else ()
    output = run.output if run else ""
    found: list[Done] = []
    for rule in map(parse_forbidden, task.forbidden):
        found.extend(_breaches(rule, changes, output))
    found.extend(
        Done(f"protected:{glob}", f"{change.kind} {change.path}")
        for change in changes
        if change.kind != "added" and (glob := first_match(change.path, task.protected))
    )
    return tuple(found)


def _breaches(rule: Forbidden, changes: tuple[Change, ...], output: str) -> Iterator[Done]:
    if rule.deed == "output":
        if hit := _regex(rule.pattern).search(output):
            yield Done(str(rule), hit[0][:_SHOWN_CHARACTERS])
        return
    glob = compile_glob(rule.pattern)
    for change in changes:
        if change.kind in _KINDS[rule.deed] and glob.fullmatch(change.path):
            yield Done(str(rule), f"{change.kind} {change.path}")


def fully_observed(task: TaskFacts, run: AgentRun | None, workspace: Workspace | None) -> bool:
    """Whether the evidence is enough to say that nothing forbidden was done."""
    rules = [parse_forbidden(text) for text in task.forbidden]
    needs_output = any(rule.deed == "output" for rule in rules)
    needs_workspace = bool(task.protected) or any(rule.deed != "output" for rule in rules)
    return (run is not None or not needs_output) and (workspace is not None or not needs_workspace)
