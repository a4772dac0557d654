from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cab_scoring.aggregate import Attempt, aggregate
from cab_scoring.evidence import Evidence
from cab_scoring.score import score
from fakes.evidence import FAILED_GRADE, call, evidence, evidences, failed_call, open_call

PASS = Attempt(
    passed=1,
    counted=True,
    tokens=100,
    tokens_complete=True,
    cost_usd=Decimal("0.1"),
    cost_complete=True,
    cost_neutral_usd=Decimal("0.2"),
    cost_neutral_complete=True,
)
FAIL = replace(PASS, passed=0, tokens=900, cost_usd=Decimal("0.5"), cost_neutral_usd=Decimal("0.7"))
VOID = replace(PASS, passed=None, counted=False, tokens=7)


def attempt(given_evidence: Evidence) -> Attempt:
    scored = score(given_evidence)
    return Attempt.from_cell({"scores": scored.scores, "failure": scored.failure.to_json()})


def test_failed_attempts_tokens_are_paid_by_those_that_passed() -> None:
    total = aggregate([PASS, FAIL])
    assert total.tokens_per_correct_task == 1000
    assert total.usd_per_correct_task == Decimal("0.6")
    assert total.usd_neutral_per_correct_task == Decimal("0.9")
    assert total.pass_rate == 0.5
    assert total.tokens_coverage == total.cost_coverage == total.cost_neutral_coverage == 1


def test_void_attempts_are_apart() -> None:
    total = aggregate([PASS, VOID, VOID])
    assert (total.attempts, total.counted, total.graded, total.passed) == (3, 1, 1, 1)
    assert total.tokens == 100
    assert total.void_tokens == 14
    assert total.pass_rate == 1


def test_nothing_passed() -> None:
    total = aggregate([FAIL])
    assert total.tokens_per_correct_task is None
    assert total.usd_per_correct_task is None
    assert total.usd_neutral_per_correct_task is None
    assert total.pass_rate == 0


def test_unknown_shows_in_the_coverage() -> None:
    unknown = replace(PASS, tokens=None, tokens_complete=False, cost_usd=None, cost_complete=False)
    total = aggregate([PASS, unknown])
    assert total.tokens == 100
    assert total.tokens_coverage == 0.5
    assert total.cost_coverage == 0.5
    assert aggregate([unknown]).tokens is None
    assert aggregate([unknown]).cost_usd is None
    assert aggregate([unknown]).tokens_per_correct_task is None


def test_an_ungraded_attempt_is_in_no_pass_rate() -> None:
    total = aggregate([PASS, replace(PASS, passed=None)])
    assert total.pass_rate == 1
    # it may have passed: then a correct task would have cost half as much
    assert (total.tokens_per_correct_task, total.usd_per_correct_task) == (None, None)


def test_no_attempts() -> None:
    total = aggregate([])
    assert total.pass_rate is None
    assert total.tokens == 0
    assert total.tokens_coverage is None


def test_a_record_without_a_cost_without_a_cache_has_an_unknown_one() -> None:
    scored = score(evidence(calls=(call(tokens=(90, 10), cost_usd=Decimal("0.1")),)))
    for key in ("cost_neutral_usd", "cost_neutral_coverage"):
        del scored.scores["tokens"][key]
    old = Attempt.from_cell({"scores": scored.scores, "failure": None})
    assert old == replace(PASS, cost_neutral_usd=None, cost_neutral_complete=False)
    total = aggregate([PASS, old])
    assert (total.cost_usd, total.cost_coverage) == (Decimal("0.2"), 1)
    assert (total.cost_neutral_usd, total.cost_neutral_coverage) == (Decimal("0.2"), 0.5)
    assert aggregate([old]).usd_neutral_per_correct_task is None


def test_from_cells() -> None:
    priced = call(tokens=(90, 10), cost_usd=Decimal("0.1"), cost_neutral_usd=Decimal("0.2"))
    assert attempt(evidence(calls=(priced,))) == PASS
    assert attempt(evidence(grade=FAILED_GRADE)).passed == 0
    void = attempt(evidence(calls=(call(), failed_call(429, at_s=1))))
    assert (void.counted, void.passed, void.tokens) == (False, None, 1100)
    in_flight = attempt(evidence(calls=(call(), open_call(at_s=1))))
    assert (in_flight.tokens, in_flight.tokens_complete) == (1100, False)
    assert not in_flight.cost_complete


@given(st.lists(evidences(), max_size=5))
def test_the_order_of_attempts_means_nothing(many: list[Evidence]) -> None:
    attempts = [attempt(one) for one in many]
    assert aggregate(attempts) == aggregate(attempts[::-1])
    assert aggregate(attempts).passed <= aggregate(attempts).counted <= len(attempts)
