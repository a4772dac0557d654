"""From seed programs to gated tasks: mutants are graded, some are kept, written as tasks, and gated.

Gradings and gates run several at a time; what becomes of a mutant is decided in the order in which mutants
were drawn, so that neither speed nor :attr:`Place.at_once` changes what is made. A mutant that runs out of
time or memory is dropped, whatever its tests say.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Final

from cab_runner import admission, grading, tasks, waiting
from cab_runner.admission.trials import grade_edits
from cab_runner.admission.work import run_visible_tests
from cab_runner.errors import CabError
from cab_runner.mutate.draws import Draws
from cab_runner.mutate.mutants import LANGUAGES, Mutant
from cab_runner.mutate.seeds import Seed
from cab_runner.mutate.write import Identity, write, write_tests
from cab_runner.sandbox.base import Sandbox
from cab_runner.tasks import Task
from cab_sim.script import Edit

GRADING_S: Final = 120.0
"""A grading takes some seconds, also on a busy machine: what is not through by then hangs."""
_OUT_OF_TIME: Final = re.compile(rb"did not end in its time|timed out|took more than")
"""What a failed test says of code that hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and how gradings run."""

    sandbox: Sandbox
    image: str | None
    stop: Event
    at_once: int
    runs: int
    """How often the gate repeats itself."""
    say: Callable[[str], None]
    """Told what is going on, a line each, from one thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mutant that is worth a task."""

    seed: Seed
    mutant: Mutant
    failed: tuple[str, ...]
    """Hidden tests that it fails, in the check's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one mutant."""

    kept: bool
    """From one to half of the hidden tests fail, and a visible one."""
    failed: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A task that passed the gate."""

    task_id: str
    language: str
    kind: str
    failed: int
    """How many of the hidden tests the mutant fails."""
    tests: int
    """How many there are."""


def make(seeds: Sequence[Seed], count: int, draws: Draws, out: Path, place: Place) -> list[Made]:
    """Make ``count`` tasks below ``out``, as many in each language of the seeds.

    Where a language has too few mutants, the others fill up; when all are used up, fewer come back.
    """
    groups = {name: [seed for seed in seeds if seed.language == name] for name in LANGUAGES}
    groups = {language: group for language, group in groups.items() if group}
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(place.at_once) as pool:
        maker = _Maker(draws, out, place, pool, Path(scratch))
        try:
            streams = {language: maker.stream(language, group) for language, group in groups.items()}
            made = maker.take(streams, shares(count, list(groups)))
            for language in streams:
                made += maker.take(streams, {language: count - len(made)})
        finally:
            pool.shutdown(cancel_futures=True)
    return made


def shares(count: int, languages: Sequence[str]) -> dict[str, int]:
    """How many tasks each language is asked for: alike, the first ones one more."""
    each, more = divmod(count, max(1, len(languages)))
    return {language: each + (place < more) for place, language in enumerate(languages)}


class _Maker:
    def __init__(
        self, draws: Draws, out: Path, place: Place, pool: ThreadPoolExecutor, scratch: Path
    ) -> None:
        self._draws, self._out, self._place, self._pool, self._scratch = draws, out, place, pool, scratch

    def stream(self, language: str, group: Sequence[Seed]) -> Iterator[Found]:
        """What is worth a task, one of each seed in turn."""
        drawn = sorted(group, key=lambda seed: seed.origin.id)
        self._draws.random("seeds", language).shuffle(drawn)
        in_turn = deque(self._kept(seed) for seed in drawn)
        while in_turn:
            kept = in_turn.popleft()
            for found in islice(kept, 1):
                yield found
                in_turn.append(kept)

    def take(self, streams: Mapping[str, Iterator[Found]], wanted: Mapping[str, int]) -> list[Made]:
        """The next ones of each language that pass the gate, as many as wanted; fewer when a stream ends."""
        made: list[Made] = []
        missing = Counter(wanted)
        while batch := [found for language, n in missing.items() for found in islice(streams[language], n)]:
            for one, problem in waiting.in_order(self._pool, self._gated, batch):
                if problem is None:
                    self._place.say(f"made {one.task_id}: {one.failed} of {one.tests} hidden tests fail")
                    made.append(one)
                    missing[one.language] -= 1
                else:
                    self._place.say(f"dropped {one.task_id}: {problem}")
        return made

    def _kept(self, seed: Seed) -> Iterator[Found]:
        """Mutants of one seed that fail some tests, and not what an earlier one failed at the same line."""
        right = self._ready(seed)
        if (failed := self._failing(right, ())) != ():
            shown = "gives no verdict in time" if failed is None else f"fails {', '.join(failed)}"
            raise CabError(f"{right.id} is no seed program: solved, it {shown}; repair it, or leave it out")
        drawn = seed.candidates(self._draws)
        if not drawn:
            self._place.say(f"left out {right.id}: no repair of one file would honour what it asks for")
        candidates = iter(drawn)
        running: deque[tuple[Mutant, Future[Tried]]] = deque()
        seen = set()
        while True:
            for mutant in islice(candidates, self._place.at_once - len(running)):
                running.append((mutant, self._pool.submit(self._tried, right, mutant)))
            if not running:
                return
            mutant, future = running.popleft()
            tried = waiting.result(future)
            self._place.say(f"tried {right.id} {mutant.path}:{mutant.line} {mutant.kind}: {tried.detail}")
            behaviour = (mutant.path, mutant.line, tried.failed)
            if tried.kept and behaviour not in seen:
                seen.add(behaviour)
                yield Found(seed=seed, mutant=mutant, failed=tried.failed)

    def _ready(self, seed: Seed) -> Task:
        """The right program, with a hidden check that draws nothing afresh and has to be through soon."""
        identity = Identity(
            id=seed.origin.id, canary=self._draws.uuid("canary"), draws_from=self._draws_from(seed)
        )
        write_tests(seed.right.tests, seed, identity)
        return replace(seed.right, verifier_timeout_s=GRADING_S)

    def _draws_from(self, seed: Seed) -> str:
        return self._draws.digest("inputs", seed.origin.id).hex()

    def _tried(self, right: Task, mutant: Mutant) -> Tried:
        """Grade a mutant, and run the visible tests where the hidden ones make it worth keeping."""
        edits = (edit_of(mutant, right.workspace),)
        failed = self._failing(right, edits)
        if failed is None:
            return Tried(kept=False, failed=(), detail="no verdict, or it ran away")
        tests = len(right.facts.expected_tests)
        detail = f"{len(failed)} of {tests} hidden tests fail"
        if not 1 <= len(failed) <= tests // 2:
            return Tried(kept=False, failed=failed, detail=detail)
        place = self._place
        visible = run_visible_tests(right, edits, place.sandbox, place.image, place.stop)
        shown = visible.outcome.exit_code not in {0, None}
        return Tried(kept=shown, failed=failed, detail=detail + ("" if shown else ", no visible one"))

    def _failing(self, right: Task, edits: tuple[Edit, ...]) -> tuple[str, ...] | None:
        place = self._place
        return failing(right, grade_edits(right, edits, place.sandbox, place.image, place.stop))

    def _gated(self, found: Found) -> tuple[Made, str | None]:
        """Write a task and try it; why it can't be trusted, or ``None`` when it can, and lies in ``out``."""
        seed, mutant, origin = found.seed, found.mutant, found.seed.origin
        name = (origin.id, origin.content_hash, mutant.path, str(mutant.start), mutant.before, mutant.after)
        program = origin.id.partition("/")[2].removeprefix(f"{seed.language}-")
        slug = f"{seed.language}-{program}-{mutant.kind}-{self._draws.digest('id', *name).hex()[:8]}"
        identity = Identity(
            id=f"mutations/{slug}",
            canary=self._draws.uuid("canary", *name),
            draws_from=self._draws_from(seed),
        )
        made = Made(
            task_id=identity.id,
            language=seed.language,
            kind=mutant.kind,
            failed=len(found.failed),
            tests=len(origin.facts.expected_tests),
        )
        folder = self._scratch / "made" / identity.id
        write(folder, seed, mutant, found.failed, identity)
        task = tasks.load(self._scratch / "made", identity.id)
        place = self._place
        for check in admission.check(task, place.sandbox, place.image, place.stop, runs=place.runs):
            if not check.ok:
                return made, f"{check.name}: {check.detail}"
        shutil.copytree(folder, self._out / identity.id)
        return made, None


def edit_of(mutant: Mutant, program: Path) -> Edit:
    """A mutant as an edit of the program's file, which stays as executable as it is."""
    path = program / mutant.path
    source = path.read_bytes()
    mode = "100755" if path.stat().st_mode & 0o100 else "100644"
    return Edit(path=mutant.path, before=source.decode(), after=mutant.apply(source).decode(), mode=mode)


def failing(task: Task, graded: grading.Graded) -> tuple[str, ...] | None:
    """The expected tests that failed, in their order; ``None`` without a verdict, or for what ran away."""
    grade, expected = graded.grade, task.facts.expected_tests
    ran_away = graded.outcome.oom_killed or _OUT_OF_TIME.search(graded.junit or b"")
    if not grade.completed or ran_away or {*grade.passed_tests, *grade.failed_tests} != {*expected}:
        return None
    return tuple(test for test in expected if test in grade.failed_tests)
