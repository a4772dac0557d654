from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from cab_proxy.records import Record
from cab_scoring.evidence import Clock, Evidence
from cab_scoring.failure import FAILURES, OVERFLOW_CODES, RUNNER_CAUSES, decide_failure
from fakes.evidence import (
    FAILED_GRADE,
    GRADE,
    RUN,
    call,
    evidence,
    evidences,
    failed_call,
    open_call,
)

METHODOLOGY_PAGE = Path(__file__).parents[2] / "docs" / "methodology.md"


def cause(*calls: Record, run: object = RUN, healthy: bool | None = True) -> str:
    return decide_failure(evidence(calls=calls, run=run, endpoint_healthy=healthy)).cause


def test_a_clean_run() -> None:
    failure = decide_failure(evidence())
    assert failure.cause == "none"
    assert failure.counted
    assert failure.to_json() is None


@pytest.mark.parametrize("fault", sorted(RUNNER_CAUSES))
def test_what_the_runner_saw_comes_first_and_voids(fault: str) -> None:
    failure = decide_failure(evidence(runner_fault=fault, calls=(failed_call(401),)))
    assert failure.cause == fault
    assert not failure.counted


def test_a_runner_fault_must_be_one_of_its_causes() -> None:
    with pytest.raises(
        ValueError, match="runner_fault 'agent_error' is not a cause: use one of grader_error"
    ):
        decide_failure(evidence(runner_fault="agent_error"))


def test_an_agent_that_was_never_run_is_the_sandbox() -> None:
    assert cause(run=None) == "sandbox_error"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "bad_key"),
        (403, "bad_key"),
        (429, "rate_limited"),
        (500, "endpoint_down"),
        (502, "endpoint_down"),
    ],
)
def test_the_endpoints_last_word(status: int, expected: str) -> None:
    failure = decide_failure(evidence(calls=(failed_call(status),)))
    assert failure.cause == expected
    assert not failure.counted


@pytest.mark.parametrize("exit_code", [0, 1, 137])
def test_an_endpoint_fault_excuses_any_exit(exit_code: int) -> None:
    assert cause(call(), failed_call(500, at_s=2), run=replace(RUN, exit_code=exit_code)) == "endpoint_down"


def test_timing_out_on_an_endpoint_fault_is_the_endpoints() -> None:
    timed_out = replace(RUN, timed_out=True, killed_for="timeout", exit_code=137)
    assert (
        cause(failed_call(429), failed_call(429, at_s=3), open_call(at_s=9), run=timed_out) == "rate_limited"
    )


def test_a_fault_that_a_retry_got_over_excuses_nothing() -> None:
    assert cause(failed_call(429), call(at_s=2), run=replace(RUN, exit_code=1)) == "agent_error"


def test_an_endpoint_that_was_answering_when_the_clock_ran_out_is_not_at_fault() -> None:
    timed_out = replace(RUN, timed_out=True, exit_code=None)
    answering = call(at_s=5, error_type="client_disconnect", tokens=(None, None))
    assert cause(failed_call(500), answering, run=timed_out) == "agent_timeout"


def test_a_403_after_success_is_not_about_the_key() -> None:
    assert cause(call(), failed_call(403, at_s=2)) == "none"


def test_a_401_from_the_proxy_is_not_about_the_key() -> None:
    assert cause(call(status=401, error_type="unauthorized")) == "no_model_call"


def test_no_call_at_all() -> None:
    assert cause() == "no_model_call"
    assert cause(healthy=None) == "no_model_call"
    assert cause(run=replace(RUN, exit_code=1)) == "no_model_call"
    assert cause(healthy=False) == "endpoint_down"


def test_an_unhealthy_endpoint_excuses_nobody_who_had_an_answer() -> None:
    assert cause(call(), run=replace(RUN, exit_code=1), healthy=False) == "agent_error"


def test_handshake_is_every_call_refused_as_malformed() -> None:
    assert cause(failed_call(400), failed_call(404, at_s=1)) == "handshake"
    assert cause(failed_call(400), call(at_s=1)) == "none"


@pytest.mark.parametrize("code", ["context_length_exceeded", "Exceed_Context_Size_Error"])
def test_context_overflow_as_the_agent_quotes_it(code: str) -> None:
    run = replace(RUN, exit_code=1, output=f'error: {{"type":"{code}"}}')
    assert cause(call(), failed_call(400, at_s=1), run=run) == "context_overflow"
    assert cause(failed_call(400), run=run) == "context_overflow"
    assert cause(call(), run=run) == "agent_error"


def test_context_overflow_by_the_endpoints_own_code() -> None:
    said = replace(failed_call(400, at_s=1), error_code="context_length_exceeded")
    assert cause(call(), said) == "context_overflow"
    assert cause(call(), replace(said, error_code="invalid_request_error")) == "none"


def test_context_overflow_as_a_finish_reason() -> None:
    assert cause(call(finish_reasons=("model_context_window_exceeded",))) == "context_overflow"
    assert cause(call(finish_reasons=("length",))) == "none"


def test_a_spent_budget() -> None:
    refused = call(at_s=3, status=429, error_type="budget_exceeded", tokens=(None, None))
    failure = decide_failure(evidence(calls=(call(), refused), run=replace(RUN, exit_code=1)))
    assert failure.cause == "budget_exceeded"
    assert failure.counted


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"exit_code": 1}, "agent_error"),
        ({"exit_code": 127}, "agent_error"),
        ({"exit_code": 139}, "agent_crash"),
        ({"exit_code": -9}, "agent_crash"),
        ({"killed_for": "memory", "exit_code": 137}, "agent_crash"),
        ({"killed_for": "disk", "exit_code": None}, "agent_crash"),
        ({"killed_for": "output", "exit_code": 0}, "agent_crash"),
        ({"killed_for": "timeout", "exit_code": 137}, "agent_timeout"),
        ({"timed_out": True, "exit_code": None}, "agent_timeout"),
    ],
)
def test_how_the_agent_ended(changed: dict[str, object], expected: str) -> None:
    failure = decide_failure(evidence(run=replace(RUN, **changed)))  # type: ignore[arg-type]  # a table of fields
    assert failure.cause == expected
    assert failure.counted


@pytest.mark.parametrize(
    ("clock", "detail"),
    [
        ("wall", "stopped after 10 s by the wall clock"),
        ("agent", "stopped after 10 s, its own time used up"),
        (None, "stopped after 10 s"),
    ],
)
def test_a_timeout_says_which_clock_ran_out(clock: Clock | None, detail: str) -> None:
    run = replace(RUN, timed_out=True, exit_code=None, ran_out=clock)
    assert decide_failure(evidence(run=run)).detail == detail


def test_json_carries_the_row() -> None:
    assert decide_failure(evidence(calls=(failed_call(401),))).to_json() == {
        "cause": "bad_key",
        "fault": "user",
        "counted": False,
        "retried": "no",
        "then": "stop the sweep",
        "detail": "the endpoint's last word was 401",
    }


@given(evidences())
def test_the_grade_never_decides(given_evidence: Evidence) -> None:
    decided = decide_failure(given_evidence)
    for grade in (None, GRADE, FAILED_GRADE):
        assert decide_failure(replace(given_evidence, grade=grade)) == decided


def test_the_page_carries_the_same_table() -> None:
    page = METHODOLOGY_PAGE.read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert rows == [
        (
            rule.cause,
            rule.evidence,
            rule.fault,
            "yes" if rule.counted else "void",
            rule.retried + (f"; {rule.then}" if rule.then else ""),
        )
        for rule in FAILURES.values()
    ]


def test_the_page_lists_the_phrases_of_an_overflow() -> None:
    assert f"\n- Overflow: {' · '.join(OVERFLOW_CODES)}\n" in METHODOLOGY_PAGE.read_text("utf-8")
