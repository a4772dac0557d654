"""One attempt: an agent works on a task through the meter, the result is graded, the record written.

The order is the contract. Everything that can be wrong with what was asked for is found before the
agent starts, and leaves nothing behind; the cause of a failure is decided before grading; what was
measured up to any failure is kept. The folder is staged in ``results/.partial`` and renamed into place.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any, Final

from cab_proxy.control import DRAIN_S, ControlError, OpenedRun, RunRequest
from cab_proxy.records import Record, model_time_ms, succeeded
from cab_runner import (
    admission,
    cell,
    endpoints,
    evidence_store,
    grading,
    own_image,
    plugins,
    results,
    workspace,
)
from cab_runner.agents.base import Adapter, Claim, WireContext, Wiring
from cab_runner.errors import AttemptVoid, CabError, MachineLacks
from cab_runner.grading import Graded
from cab_runner.metered import Line, MeteredEndpoint
from cab_runner.patch import make_patch
from cab_runner.plan import Plan
from cab_runner.recording import Recording
from cab_runner.sandbox.base import (
    Folders,
    ImageMissing,
    Interrupted,
    Job,
    Layout,
    Outcome,
    SandboxError,
)
from cab_runner.sandbox.kit import portable
from cab_runner.sandbox.staging import Staging, remove_tree, sandbox_user
from cab_runner.sandbox.users import image_agent, may_enter, may_forge
from cab_runner.trace import Span, Trace
from cab_runner.workspace import Snapshot
from cab_scoring.evidence import AgentRun, Clock, Evidence, Workspace
from cab_scoring.failure import decide_failure
from cab_scoring.score import score

_INTERRUPTED_DRAIN_S: Final = 1.0
"""How long calls in flight may still end once somebody has pressed Ctrl-C."""

_DEEPEST_CLAIM: Final = 50
_LARGEST_CLAIM_CHARS: Final = 2**20

Progress = Callable[[str], None]
"""Told in a few words what the attempt is doing now; a text that begins ``warning: `` stays."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded attempt."""

    folder: Path
    cell: dict[str, Any]
    calls: tuple[Record, ...]
    fault_detail: str | None
    """What the runner itself ran into, in its own words."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The agent's place of work, laid out."""

    folders: Folders
    layout: Layout
    before: Snapshot
    wiring: Wiring


def run(plan: Plan, metered: MeteredEndpoint, stop: Event, progress: Progress = lambda _: None) -> Recorded:
    """Run one attempt and record it.

    Raises :class:`CabError` subclasses for what was wrong before the agent started; nothing is left
    behind then. From the agent's start on, every way out is a record.
    """
    with ExitStack() as stack:
        staging = stack.enter_context(Staging())
        _create(plan)
        try:
            line = stack.enter_context(metered.line(plan))
            running = _Attempt(plan, line, staging, stop=stop, progress=progress)
            place = running.begin()
        except BaseException:
            shutil.rmtree(plan.partial, ignore_errors=True)
            raise
        running.work(place)
        running.read_back(place)
        running.grade(place)
        return running.publish(place)


def _create(plan: Plan) -> None:
    if image_agent():
        _require_closed(plan)
    try:
        # the agent may be a user beside us
        plan.partial.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        plan.partial.mkdir(exist_ok=True)
    except OSError as error:
        raise MachineLacks(
            f"cannot write results to {plan.results} ({error.strerror}): give --results another folder"
        ) from None


def _require_closed(plan: Plan) -> None:
    """In an image, what is mounted may be open to the agent beside us."""
    if any(map(may_forge, (plan.partial.parent, plan.key.folder(plan.results)))):
        raise MachineLacks(
            f"the agent could write to {plan.results}: `chmod -R o-w` the folder, or mount a volume"
        )
    if may_enter(plan.task.folder):
        raise MachineLacks(
            f"the agent could read the tests in {plan.task.folder}: `chmod 700` the folder of tasks"
        )


class _Attempt:
    """An attempt under way: what it was given, and what has been measured so far."""

    def __init__(
        self,
        plan: Plan,
        line: Line,
        staging: Staging,
        *,
        stop: Event,
        progress: Progress,
    ) -> None:
        self.plan = plan
        self.endpoint = line.endpoint
        self.control = line.control
        self.staging = staging
        self.stop = stop
        self.progress = progress
        self.trace = Trace()
        self.opened = self._open_run()
        self.runner_fault: str | None = None
        self.fault_detail: str | None = None
        self.outcome: Outcome | None = None
        self.wall_clock_ms: float | None = None
        self.left: Workspace | None = None
        self.claim: Claim | None = None
        self.left_in_home: dict[str, Any] | None = None
        self.endpoint_healthy: bool | None = None
        self.ledger_head: str | None = None
        self.calls: tuple[Record, ...] = ()
        self.graded: Graded | None = None

    def _open_run(self) -> OpenedRun:
        bodies = self.plan.partial / "bodies"
        request = RunRequest(
            run_id=self.plan.run_id,
            upstream=self.endpoint.url,
            models=(self.plan.key.model,),
            budget=self.plan.settings.budget,
            allow=self.plan.settings.allow,
            ledger=(self.plan.partial / "calls.jsonl").resolve(),
            socket_dir=self.staging.folder("door"),
            socket_owner=sandbox_user(),
            record_bodies=bodies.resolve() if self.plan.settings.record_bodies else None,
            describe_prompts=True,
            include_usage=self.plan.settings.include_usage,
        )
        try:
            return self.control.open_run(request)
        except ControlError as error:
            raise MachineLacks(f"the proxy could not open the run: {error}") from None

    def begin(self) -> _Place:
        """Ask the endpoint for the model, and lay the place of work out; else the run is closed again."""
        try:
            if warning := endpoints.check(self.endpoint, self.opened, self.plan.key.model):
                self.progress(f"warning: {warning}")
            place = self._lay_out()
            # should the runner be killed from now on, this is the record
            self._write_record(place, replace(self._evidence(), runner_fault="interrupted"))
            return place
        except BaseException:
            with suppress(ControlError):
                self.control.close_run(self.plan.run_id, 0.0)
            raise

    def _lay_out(self) -> _Place:
        """Prepare workspace and HOME, and wire the agent to its door."""
        plan = self.plan
        with self.trace.span(
            "task_setup", f"prepare:{plan.task.id}", task_category=plan.task.facts.category
        ) as span:
            folders = Folders(workspace=self.staging.folder("workspace"), home=self.staging.folder("home"))
            layout = plan.sandbox.layout(folders)
            if plan.ground:
                own_image.lay_out(plan.ground, folders)
                layout = plan.ground.layout(layout)
                self.staging.shut()
            elif plan.repository:
                shutil.copytree(plan.repository, folders.workspace, symlinks=True, dirs_exist_ok=True)
            else:
                workspace.prepare(plan.task.workspace, folders.workspace)
            before = workspace.snapshot(folders.workspace)
            context = self._wire_context(layout)
            wiring = plugins.apply(plan.plugins, plan.adapter.wire(context), context)
            for name, text in wiring.files.items():
                path = folders.home / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            if plan.ground:
                own_image.open_to_all(folders.home)
            else:
                self.staging.hand_over(folders.workspace, folders.home)
            span.attrs |= {
                "workdir": plan.ground.workdir if plan.ground else "/workspace",
                "plugin_stack": [plugin.name for plugin in plan.plugins],
                "behavior_mode": plan.behavior_mode,
            }
        return _Place(folders, layout, before, wiring)

    def _wire_context(self, layout: Layout) -> WireContext:
        return WireContext(
            prompt=self.plan.task.instruction,
            model=self.plan.key.model,
            base_url=f"{layout.door_url}/v1",
            origin=layout.door_url,
            token=self.opened.token,
            layout=layout,
            context_window_tokens=self.plan.settings.context_window_tokens,
            max_output_tokens=self.plan.settings.max_output_tokens,
            max_turns=self.plan.task.max_turns,
            strict_factory=self.plan.settings.strict_factory,
        )

    def work(self, place: _Place) -> None:
        """Let the agent work, then end its run at the proxy."""
        plan = self.plan
        self.progress(f"{plan.key.agent} is working")
        job = Job(
            name=plan.run_id,
            role="agent",
            command=place.wiring.command,
            env=plan.ground.env(place.wiring.env) if plan.ground else place.wiring.env,
            layout=place.layout,
            folders=place.folders,
            limits=plan.limits,
            image=plan.image,
            own_image=plan.ground.for_agent() if plan.ground else None,
            door_image=plan.ground.door_image if plan.ground else plan.grader_image,
            door=self.opened.socket,
            model_time_s=self._model_time_s,
        )
        with self.trace.span("adapter_run", f"{plan.key.agent}:{plan.task.id}") as span:
            self.trace.add_plugins(span, plan.key.agent, plan.settings.plugins)
            with self.trace.span("container", f"{plan.key.agent}:run", parent=span) as container:
                with self._noting_faults(), Recording(plan.partial, render=plan.adapter.render) as recording:
                    self.outcome = plan.sandbox.run(job, recording, self.stop)
                self._describe(container, place)
            span.attrs |= {
                "timeout_s": plan.limits.agent_s or plan.limits.wall_s,
                "timeout_on": plan.settings.timeout_on,
                "plugin_stack": [plugin.name for plugin in plan.plugins],
                "exit_code": container.attrs["exit_code"],
            }
        self.wall_clock_ms = span.duration_ms
        self._close_run()
        self.calls = evidence_store.read_calls(plan.partial)
        self.trace.add_calls(self.calls, container)

    def _model_time_s(self) -> float:
        """How long the agent has waited for the model up to now."""
        calls = evidence_store.read_calls(self.plan.partial)
        return model_time_ms(calls, until=datetime.now(UTC)) / 1000.0

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        """A failure of the runner's own ends the block, and is in the record. The first one counts."""
        try:
            yield
        except Interrupted as error:
            self._note_fault("interrupted", str(error))
        except ImageMissing as error:
            self._note_fault("image_missing", str(error))
        except (SandboxError, OSError) as error:
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            self._note_fault("out_of_disk" if full else "sandbox_error", str(error))
        except ControlError as error:
            self._note_fault("proxy_died", str(error))

    def _note_fault(self, cause: str, detail: str) -> None:
        if self.runner_fault is None:
            self.runner_fault, self.fault_detail = cause, detail

    def _describe(self, container: Span, place: _Place) -> None:
        outcome = self.outcome
        container.attrs |= {
            "image": self.plan.image,
            "command": [
                (part if self.plan.ground else portable(part, place.layout)).replace(
                    self.opened.token, "{token}"
                )
                for part in place.wiring.command
            ],
            "deviation": self.plan.deviation,
            "exit_code": outcome.exit_code if outcome else None,
            "timed_out": outcome.timed_out if outcome else None,
            "killed_for": outcome.killed_for if outcome else None,
            "hosts_tried": outcome.hosts_tried if outcome else None,
            "docker_sock_mounted": False,
            "read_only": self.plan.sandbox.name in ("docker", "bwrap") and not self.plan.ground,  # the root
        }
        if outcome:
            # the program's own time: without making and removing the sandbox
            container.started_at, container.duration_ms = outcome.started_at, outcome.active_ms

    def _close_run(self) -> None:
        """End the run at the proxy: its token dies, its calls drain, its ledger has a head."""
        with self._noting_faults():
            stopped = self.stop.is_set()
            if any(map(succeeded, evidence_store.read_calls(self.plan.partial))):
                self.endpoint_healthy = True
            elif not stopped:
                self.endpoint_healthy = self._endpoint_answers()
            drain_s = _INTERRUPTED_DRAIN_S if stopped else DRAIN_S
            self.ledger_head = self.control.close_run(self.plan.run_id, drain_s).head

    def _endpoint_answers(self) -> bool:
        try:
            endpoints.check(self.endpoint, self.opened, self.plan.key.model)
        except CabError:
            return False
        return True

    def read_back(self, place: _Place) -> None:
        """Read what the agent left: the change, its documents, its own token report."""
        folders, partial = place.folders, self.plan.partial
        with self._noting_faults():
            after = workspace.snapshot(folders.workspace)
            self.left = workspace.read_back(folders.workspace, place.before, after)
            (partial / "workspace.patch").write_bytes(make_patch(place.before, after))
            stdout = (partial / "agent.stdout").read_text("utf-8", "replace")
            self.claim = _claim(self.plan.adapter, stdout, folders.home)
            self.left_in_home = workspace.inventory(folders.home, place.wiring.files)

    def grade(self, place: _Place) -> None:
        """Grade what the agent left, unless the attempt is void already."""
        if decide_failure(self._evidence()).counted:
            self.progress("grading")
            with self.trace.span("grade", f"grade:{self.plan.task.id}") as span:
                self._grade(place.folders.workspace)
                span.attrs["exit_code"] = self.graded.grade.exit_code if self.graded else None
        with self.trace.span("cleanup", f"cleanup:{self.plan.key.agent}"):
            remove_tree(place.folders.workspace)
            remove_tree(place.folders.home)

    def _grade(self, final: Path) -> None:
        plan = self.plan
        with self._noting_faults():
            self.graded = grading.grade(
                plan.task,
                final,
                plan.sandbox,
                plan.grader_image,
                self.stop,
                agent_files=plan.adapter.own_files,
                internet=plan.settings.grader_internet,
            )
            # a task from elsewhere was never admitted: there nothing tells its fault from the agent's
            admitted = plan.ground is None
            if not self.graded.grade.completed and admitted and not self._solution_is_graded():
                self._note_fault("grader_error", "the grader does not complete, not even on the solution")

    def _solution_is_graded(self) -> bool:
        """A grader that completes neither here nor on the solution is the task's fault."""
        plan = self.plan
        try:
            solved = admission.grade_script(
                plan.task, plan.task.solution, plan.sandbox, plan.grader_image, self.stop
            )
        except CabError:  # solve.sh itself fails
            return False
        return solved.grade.completed

    def _evidence(self) -> Evidence:
        return Evidence(
            task=self.plan.task.facts,
            run=self._agent_run(),
            workspace=self.left,
            grade=self.graded.grade if self.graded else None,
            calls=self.calls,
            runner_fault=self.runner_fault,
            endpoint_healthy=self.endpoint_healthy,
            claimed=self.claim.tokens if self.claim else None,
        )

    def _agent_run(self) -> AgentRun | None:
        outcome = self.outcome
        if outcome is None:
            return None
        return AgentRun(
            started_at=outcome.started_at,
            ended_at=outcome.ended_at,
            exit_code=outcome.exit_code,
            timed_out=outcome.timed_out,
            wall_clock_ms=self.wall_clock_ms or outcome.active_ms,
            container_active_ms=outcome.active_ms,
            agent_cpu_ms=outcome.cpu_ms,
            killed_for=outcome.killed_for,
            agent_files=self.plan.adapter.own_files,
            output=evidence_store.agent_output(self.plan.partial),
            ran_out=self._clock_that_ran_out(outcome),
        )

    def _clock_that_ran_out(self, outcome: Outcome) -> Clock | None:
        if not outcome.timed_out:
            return None
        return "wall" if outcome.active_ms >= self.plan.limits.wall_s * 1000.0 else "agent"

    def publish(self, place: _Place) -> Recorded:
        """Write the record's files and rename the folder into place.

        Raises :class:`AttemptVoid` when they can't be written; what could be is kept where it is staged.
        """
        plan = self.plan
        try:
            self._write_record(place, self._evidence())
            folder, record = results.publish(plan.partial, plan.results, plan.key, plan.attempt)
        except OSError as error:
            raise AttemptVoid(
                f"the record could not be written ({error.strerror}): what was measured is in {plan.partial}"
            ) from None
        return Recorded(folder=folder, cell=record, calls=self.calls, fault_detail=self.fault_detail)

    def _write_record(self, place: _Place, evidence: Evidence) -> None:
        plan, partial = self.plan, self.plan.partial
        evidence_store.write(partial, evidence)
        if self.graded:
            (partial / "grade.stdout").write_bytes(self.graded.stdout)
            (partial / "grade.stderr").write_bytes(self.graded.stderr)
            if self.graded.junit is not None:
                (partial / "junit.xml").write_bytes(self.graded.junit)
        self.trace.write(partial / "trace.jsonl")
        measured = cell.Measured(
            evidence=evidence,
            scored=score(evidence, plan.settings.methodology),
            outcome=self.outcome,
            claim=self.claim,
            ledger_head=self.ledger_head,
            left_in_home=self.left_in_home,
        )
        results.write_json(partial / "lock.json", cell.lock(plan, self.endpoint, place.wiring, self.outcome))
        results.write_json(partial / "cell.json", cell.record(plan, self.endpoint, measured))


def _claim(adapter: Adapter, stdout: str, home: Path) -> Claim | None:
    """The agent's own token report; one that cannot be read, or not be written again, is none."""
    try:
        claim = adapter.claim(stdout, home)
        fits = claim is None or (
            _is_shallow(claim.raw) and len(results.to_json(claim.to_json())) <= _LARGEST_CLAIM_CHARS
        )
    except Exception:  # noqa: BLE001  # the report is the agent's to write: no report may end the attempt
        return None
    return claim if fits else None


def _is_shallow(value: object) -> bool:
    """Whether JSON is nested so little that it can be written from anywhere, inside anything."""
    level = [value]
    for _ in range(_DEEPEST_CLAIM):
        level = [
            member
            for item in level
            if isinstance(item, dict | list | tuple)
            for member in (item.values() if isinstance(item, dict) else item)
        ]
    return not level
