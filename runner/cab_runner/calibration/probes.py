"""What is tried on an agent: real attempts against the simulator, some of them with a faulty endpoint.

Besides tasks of the benchmark there are two of calibration's own, in an empty workspace: one that asks for
nothing, and one of several turns. They have no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cab_runner import tasks
from cab_runner.tasks import Task
from cab_scoring.evidence import TaskFacts
from cab_sim.script import Edit, ModelScript, Script

PYTHON_TASK: Final = "mutations/python-comparator-swap"
_PROMPTS: Final = {
    "calibration/empty": "Say hello.",
    "calibration/turns": "Write the numbers 1 to 6 to one.txt, two.txt, … six.txt, a number a file.",
}
"""Calibration's own tasks."""
_TURNS: Final = Script(
    task="calibration/turns",
    models={
        "oracle": ModelScript(
            edits=tuple(
                Edit(path=f"{name}.txt", before=None, after=f"{number}\n")
                for number, name in enumerate(("one", "two", "three", "four", "five", "six"), start=1)
            )
        )
    },
)
_OWN_S: Final = 300.0

DEAD_TOKEN: Final = "cab-" + "0" * 48  # no run's: the proxy answers as to one that has ended
_NO_VERDICT: Final = 'mkdir -p "$CAB_LOGS_DIR/verifier" && echo 0 > "$CAB_LOGS_DIR/verifier/reward.txt"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One attempt."""

    name: str
    about: str
    """What it shows, in words."""
    task_id: str = PYTHON_TASK
    model: str = "oracle"
    faults: tuple[str, ...] = ()
    """What the simulator injects."""
    dead_token: bool = False
    """The agent gets a token that the proxy refuses."""
    strict_factory: bool = False
    """Without the adapter's deviations; the meter asks for the usage that the agent may not ask for."""

    @property
    def works(self) -> bool:
        """There is something to do, and nothing in the way, for the agent as it is run by default."""
        return self.model == "oracle" and not self.is_disturbed and not self.strict_factory

    @property
    def has_to_pass(self) -> bool:
        """Its task can be passed, and so it has to be."""
        return (self.works or self.strict_factory) and self.task_id not in _PROMPTS

    @property
    def is_disturbed(self) -> bool:
        """Endpoint or proxy refuse something; the attempt is bounded by a time limit of its own."""
        return bool(self.faults) or self.dead_token


PROBES: Final = (
    Probe(name="python", about="a Python task, played by the oracle"),
    Probe(name="go", about="a Go task, played by the oracle", task_id="polyglot/go-http-handler-fix"),
    Probe(name="no-op", about="the model does nothing", model="null"),
    Probe(name="turns", about="six files, one a turn", task_id="calibration/turns"),
    Probe(name="empty", about="nothing is asked for", task_id="calibration/empty", model="null"),
    Probe(
        name="strict-factory",
        about="the Python task, without what the adapter deviates in",
        strict_factory=True,
    ),
    Probe(name="429", about="the first two calls get a 429, Retry-After: 1", faults=("429:2",)),
    Probe(name="500", about="every call gets a 500", faults=("500",)),
    Probe(name="401", about="every call gets a 401 from the endpoint", faults=("401",)),
    Probe(name="cut", about="the first answer breaks off half-way", faults=("cut:1",)),
    Probe(name="dead-token", about="every call gets a final 401 from the proxy", dead_token=True),
)
"""Every probe, in the order in which they are run."""


def task_of(probe: Probe, tasks_root: Path, scratch: Path) -> Task:
    """The probe's task; calibration's own ones are made in ``scratch``, a folder that is not there yet."""
    if probe.task_id not in _PROMPTS:
        return tasks.load(tasks_root, probe.task_id)
    (scratch / "environment" / "workspace").mkdir(parents=True)
    (scratch / "tests").mkdir()
    (scratch / "tests" / "test.sh").write_text(_NO_VERDICT, encoding="utf-8")
    return Task(
        facts=TaskFacts(
            id=probe.task_id,
            category="calibration",
            expected_action=None,
            forbidden=(),
            protected=(),
            ground_truth_files=("*.txt",),
            build_files=(),
            refusal_evidence=(),
            expected_tests=(),
        ),
        folder=scratch,
        title=probe.about,
        language="shell",
        instruction=_PROMPTS[probe.task_id],
        agent_timeout_s=_OWN_S,
        verifier_timeout_s=_OWN_S,
        max_turns=20,
        content_hash=tasks.content_hash(scratch),
    )


def script_of(probe: Probe, scratch: Path) -> Path | None:
    """What the simulator plays in one of calibration's own tasks; ``None`` for any other."""
    if probe.task_id not in _PROMPTS:
        return None
    path = scratch / "script.json"
    (_TURNS if probe.works else Script(task=probe.task_id)).dump(path)
    return path
