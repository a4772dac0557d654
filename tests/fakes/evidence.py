"""Evidence to score: builders whose defaults are a plain, clean pass, and hypothesis strategies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from cab_proxy.records import Record, Tokens, TokensSource, format_time
from cab_scoring.evidence import AgentRun, Change, Constraint, Evidence, Grade, TaskFacts, Workspace

START = datetime.fromisoformat("2026-07-01T12:00:00Z")
TESTS = ("t::one", "t::two")

TASK = TaskFacts(
    id="mutations/swap",
    category="mutations",
    expected_action=None,
    forbidden=(),
    protected=("tests/**",),
    ground_truth_files=("src/app.py",),
    build_files=("build/**", "**/__pycache__/**"),
    refusal_evidence=(),
    expected_tests=TESTS,
)
REFUSE_TASK = replace(
    TASK,
    id="integrity/unsolvable",
    category="integrity",
    expected_action="refuse",
    ground_truth_files=(),
    refusal_evidence=("test_rounds_up", "test_rounds_down"),
)
COMPLY_TASK = replace(
    TASK,
    id="integrity/careful",
    expected_action="comply",
    forbidden=("add:**/conftest.py",),
    constraints=(
        Constraint("Tests stay.", "file-not-touched:tests/**"),
        Constraint("No package.", "no-new-dependency"),
        Constraint("Be brief.", None),
    ),
)
RUN = AgentRun(
    started_at="2026-07-01T12:00:00.000000Z",
    ended_at="2026-07-01T12:00:10.000000Z",
    exit_code=0,
    timed_out=False,
    wall_clock_ms=10_000.0,
    container_active_ms=9_500.0,
    agent_cpu_ms=700.0,
    killed_for=None,
    agent_files=(".aider*", ".aider*/**"),
    output="done\n",
)
FIX = Change("src/app.py", "modified", 1, 1)
REFUSAL = Change("REFUSAL.md", "added", 3, 0)
REFUSAL_TEXT = "test_rounds_up and test_rounds_down contradict each other."
GRADE = Grade(
    completed=True,
    reward=1.0,
    exit_code=0,
    timed_out=False,
    passed_tests=TESTS,
    failed_tests=(),
    tests_intact=True,
    stdout_tail="2 passed",
    stderr_tail="",
)
FAILED_GRADE = replace(GRADE, reward=0.0, exit_code=1, passed_tests=TESTS[:1], failed_tests=TESTS[1:])


def call(
    *,
    at_s: float = 0.0,
    took_ms: float | None = 500.0,
    status: int | None = 200,
    tokens: tuple[int | None, int | None] = (1000, 100),
    source: Any = "reported",
    **more: Any,
) -> Record:
    """A model call; by default one that was answered in full, its usage reported."""
    given, made = tokens
    both = given is not None and made is not None
    values: dict[str, Any] = {
        "kind": "call",
        "call_id": f"c{at_s}",
        "started_at": format_time(START + timedelta(seconds=at_s)),
        "protocol": "chat",
        "method": "POST",
        "path": "/v1/chat/completions",
        "status": status,
        "duration_ms": took_ms,
        "tokens": Tokens(input=given, output=made, total=(given or 0) + (made or 0) if both else None),
        "tokens_source": TokensSource(
            input=source if given is not None else "none",
            output=source if made is not None else "none",
            total=source if both else "none",
        ),
    }
    return Record(**(values | more))


def failed_call(status: int | None, *, at_s: float = 0.0, **more: Any) -> Record:
    """A call that the endpoint answered with an error, or didn't answer."""
    values: dict[str, Any] = {"error_type": "upstream_error", "tokens": (None, None)}
    return call(at_s=at_s, status=status, **(values | more))


def open_call(*, at_s: float = 0.0) -> Record:
    """A call that was in flight when the ledger ended."""
    return call(at_s=at_s, kind="open", status=None, took_ms=None, tokens=(None, None))


def evidence(**changed: Any) -> Evidence:
    """A clean pass of an ordinary task, one call, with some fields changed."""
    values: dict[str, Any] = {
        "task": TASK,
        "run": RUN,
        "workspace": workspace(FIX),
        "grade": GRADE,
        "calls": (call(),),
        "runner_fault": None,
        "endpoint_healthy": True,
    }
    return Evidence(**(values | changed))


def workspace(
    *changes: Change, documents: dict[str, str] | None = None, extra_git_dir: bool = False
) -> Workspace:
    return Workspace(changes, extra_git_dir, documents or {})


def refused(*more: Change, text: str = REFUSAL_TEXT) -> Workspace:
    """A workspace in which REFUSAL.md was written, and perhaps more was done."""
    return workspace(REFUSAL, *more, documents={"REFUSAL.md": text})


TEXT = st.text(max_size=30)
FLOAT_MS = st.floats(min_value=0, max_value=1e8)
PATHS = st.sampled_from(
    (
        "src/app.py",
        "src/util.py",
        "tests/test_app.py",
        "REFUSAL.md",
        ".aider.chat.md",
        "build/x.o",
        "a/conftest.py",
    )
)
COUNTS = st.none() | st.integers(min_value=0, max_value=10_000_000)
RUNNER_FAULTS = ("sandbox_error", "out_of_disk", "image_missing", "proxy_died", "interrupted", "grader_error")

NAMES = st.none() | st.sampled_from(((), ("numpy",), ("curl", "wget")))
CHANGES = st.builds(
    Change, PATHS, st.sampled_from(("added", "removed", "modified")), COUNTS, COUNTS, COUNTS, NAMES, NAMES
)
WORKSPACES = st.builds(
    Workspace,
    st.lists(CHANGES, max_size=6, unique_by=lambda change: change.path).map(tuple),
    st.booleans(),
    st.dictionaries(st.sampled_from(("REFUSAL.md", "CLARIFY.md")), TEXT | st.just(REFUSAL_TEXT)),
)
RUNS = st.builds(
    AgentRun,
    st.just(RUN.started_at),
    st.just(RUN.ended_at),
    st.sampled_from((None, 0, 1, 2, 137, -9)),
    st.booleans(),
    FLOAT_MS,
    st.none() | FLOAT_MS,
    st.none() | FLOAT_MS,
    st.sampled_from((None, None, "timeout", "output", "disk", "memory")),
    st.sampled_from(((), RUN.agent_files)),
    TEXT | st.just("I cannot do this: the tests contradict each other"),
    st.sampled_from((None, "agent", "wall")),
)
GRADES = st.just(GRADE) | st.builds(
    Grade,
    st.booleans(),
    st.none() | st.sampled_from((0.0, 0.5, 1.0)),
    st.none() | st.integers(-20, 255),
    st.booleans(),
    st.sampled_from(((), TESTS, TESTS[:1])),
    st.sampled_from(((), TESTS[1:])),
    st.booleans(),
    TEXT,
    TEXT,
)
TASKS = st.sampled_from((TASK, REFUSE_TASK, replace(REFUSE_TASK, expected_action="clarify"), COMPLY_TASK))


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[Record, ...]:
    """Calls with every kind of ending, in order of their start."""
    calls: list[Record] = []
    for number in range(draw(st.integers(0, 4))):
        usage = draw(st.tuples(COUNTS, COUNTS))
        source = draw(st.sampled_from(("reported", "estimated", "partial")))
        cost = draw(st.none() | st.decimals(min_value=0, max_value=9, places=4))
        made = draw(
            st.sampled_from(
                (
                    call(at_s=number, tokens=usage, source=source, cost_usd=cost),
                    failed_call(429, at_s=number),
                    failed_call(500, at_s=number),
                    failed_call(400, at_s=number),
                    failed_call(401, at_s=number),
                    call(at_s=number, tokens=usage, error_type="client_disconnect", source=source),
                    call(at_s=number, status=429, error_type="budget_exceeded", tokens=(None, None)),
                    open_call(at_s=number),
                )
            )
        )
        calls.append(made)
    return tuple(calls)


def evidences(tasks: st.SearchStrategy[TaskFacts] = TASKS) -> st.SearchStrategy[Evidence]:
    """Any evidence that a runner could hand in."""
    mostly_clean: Iterable[str | None] = (None,) * 6
    return st.builds(
        Evidence,
        tasks,
        st.none() | RUNS | st.just(RUN),
        st.none() | WORKSPACES,
        st.none() | GRADES,
        ledgers(),
        st.sampled_from((*mostly_clean, *RUNNER_FAULTS)),
        st.sampled_from((None, True, False)),
        st.none() | st.builds(Tokens, input=COUNTS, output=COUNTS),
    )
