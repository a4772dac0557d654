"""CodingAgentBench canary 92eae68e-edb7-40cb-adf8-fcb14c8fc575: benchmark data, never train on this.

Hidden check of mutations/rust-error-negated: again is built, and runs a job of ours that counts its runs
and exits as it is told.
"""

import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, expect, read_regular, require

grader = Grader("mutations/rust-error-negated", built=("target",))

JOB = """#!/bin/sh
# Run n exits with the n-th argument.
echo run >> runs
shift $(($(wc -l < runs) - 1))
exit "$1"
"""


@grader.setup
def build() -> None:
    built = grader.run(
        ["cargo", "build", "--offline", "--target-dir", grader.build / "cargo"], timeout_s=300.0
    )
    require(built.exit_code == 0, f"it does not build: {built.stderr[-2000:]}")


def again(*arguments: str, stdin: str = "", exits: str = "") -> tuple[Result, int]:
    """What came out, and how often the job ran. ``exits`` are the job's exit codes in order."""
    folder = grader.folder({"job": JOB, "runs": ""})
    command = [*arguments, "--", "./job", *exits.split()] if exits else list(arguments)
    ran = grader.run([grader.build / "cargo" / "debug" / "again", *command], stdin=stdin, cwd=folder)
    return ran, read_regular(folder / "runs").count("run")


def check(seen: tuple[Result, int], *, exit_code: int, runs: int, messages: list[str]) -> None:
    ran, count = seen
    expect((ran.exit_code, count), (exit_code, runs), f"exit code and number of runs ({ran})")
    expect(ran.stderr.splitlines(), messages, "messages")


@grader.test("a_success_runs_once")
def _() -> None:
    check(again("--attempts", "6", exits="0 0 0 0 0 0"), exit_code=0, runs=1, messages=[])


@grader.test("failures_are_retried_until_success")
def _() -> None:
    check(
        again("--attempts", "5", "--delay-ms", "5", exits="9 8 0 0 0"),
        exit_code=0,
        runs=3,
        messages=[
            "again: attempt 1 of 5 failed (exit code 9), next in 5 ms",
            "again: attempt 2 of 5 failed (exit code 8), next in 10 ms",
        ],
    )


@grader.test("the_last_attempt_may_succeed")
def _() -> None:
    check(
        again("--attempts", "2", "--delay-ms", "1", exits="1 0"),
        exit_code=0,
        runs=2,
        messages=[
            "again: attempt 1 of 2 failed (exit code 1), next in 1 ms",
        ],
    )


@grader.test("it_gives_up_with_the_last_exit_code")
def _() -> None:
    check(
        again("--attempts", "4", "--delay-ms", "2", exits="3 4 5 6 0"),
        exit_code=6,
        runs=4,
        messages=[
            "again: attempt 1 of 4 failed (exit code 3), next in 2 ms",
            "again: attempt 2 of 4 failed (exit code 4), next in 4 ms",
            "again: attempt 3 of 4 failed (exit code 5), next in 8 ms",
            "again: attempt 4 of 4 failed (exit code 6), giving up",
        ],
    )


def by_the_rules(attempts: int, delay_ms: int, only: list[int], exits: list[int]) -> tuple[int, list[str]]:
    """The README's rules, once more: again's exit code, and its messages."""
    messages: list[str] = []
    for attempt, code in enumerate(exits[:attempts], start=1):
        if code == 0:
            return 0, messages
        failed = f"again: attempt {attempt} of {attempts} failed (exit code {code})"
        if attempt == attempts or (only and code not in only):
            return code, [*messages, f"{failed}, giving up"]
        messages.append(f"{failed}, next in {delay_ms * 2 ** (attempt - 1)} ms")
    raise AssertionError("more attempts than exit codes")


@grader.test("any_job_is_repeated_as_told")
def _() -> None:
    """Jobs that nobody can know beforehand."""
    draw = random.SystemRandom()
    for _round in range(12):
        attempts, delay_ms = draw.randint(1, 5), draw.randint(0, 9)
        codes = [draw.randint(1, 125) for _ in range(3)]
        exits = [draw.choice((0, *codes)) for _ in range(attempts)]
        only = draw.choice(([], codes[:2]))
        options = ["--attempts", str(attempts), "--delay-ms", str(delay_ms)]
        options += ["--only", ",".join(map(str, only))] if only else []
        code, messages = by_the_rules(attempts, delay_ms, only, exits)
        seen = again(*options, exits=" ".join(map(str, [*exits, 0, 0])))
        check(seen, exit_code=code, runs=len(messages) + (code == 0), messages=messages)


@grader.test("three_attempts_by_default")
def _() -> None:
    ran, runs = again("--delay-ms", "0", exits="1 1 1 1 1")
    expect((ran.exit_code, runs), (1, 3), f"exit code and number of runs ({ran})")


@grader.test("one_attempt_is_never_retried")
def _() -> None:
    check(
        again("--attempts", "1", exits="7 0"),
        exit_code=7,
        runs=1,
        messages=[
            "again: attempt 1 of 1 failed (exit code 7), giving up",
        ],
    )


@grader.test("only_listed_codes_are_retried")
def _() -> None:
    listed = again("--only", "75,111", "--delay-ms", "1", "--attempts", "5", exits="75 111 20 0")
    check(
        listed,
        exit_code=20,
        runs=3,
        messages=[
            "again: attempt 1 of 5 failed (exit code 75), next in 1 ms",
            "again: attempt 2 of 5 failed (exit code 111), next in 2 ms",
            "again: attempt 3 of 5 failed (exit code 20), giving up",
        ],
    )


@grader.test("a_signal_counts_as_a_failure")
def _() -> None:
    ran, _ = again("--attempts", "2", "--delay-ms", "1", "--", "sh", "-c", "kill -TERM $$")
    check(
        (ran, 0),
        exit_code=143,
        runs=0,
        messages=[
            "again: attempt 1 of 2 failed (exit code 143), next in 1 ms",
            "again: attempt 2 of 2 failed (exit code 143), giving up",
        ],
    )


@grader.test("a_missing_command_is_not_retried")
def _() -> None:
    ran, _ = again("--attempts", "3", "--delay-ms", "1", "--", "./nothing-here")
    expect(
        (ran.exit_code, len(ran.stderr.splitlines())), (127, 1), f"exit code and number of messages ({ran})"
    )
    require(ran.stderr.startswith("again: attempt 1 of 3 failed (can't be started: "), f"message ({ran})")


@grader.test("input_and_output_are_the_commands")
def _() -> None:
    ran, _ = again("--", "sh", "-c", "tr a-z A-Z; echo done >&2", stdin="two\nlines\n")
    expect((ran.exit_code, ran.stdout, ran.stderr), (0, "TWO\nLINES\n", "done\n"), "what came out")


@grader.test("wrong_usage_runs_nothing")
def _() -> None:
    for arguments in (["--attempts", "0"], ["--attempts", "many"], ["--only", "300"], ["--often"]):
        ran, runs = again(*arguments, exits="0")
        expect((ran.exit_code, ran.stdout, runs), (2, "", 0), f"{' '.join(arguments)} ({ran})")
    ran, _ = again("--attempts", "2")
    expect(ran.exit_code, 2, f"no command ({ran})")


sys.exit(grader.main())
