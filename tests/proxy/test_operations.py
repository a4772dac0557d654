"""Calls find their operations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy import operations
from cab_proxy.operations import Operations, Place, retry_count


def at(operation_id: str, attempt: int, retry_of: str | None = None) -> Place:
    return Place(operation_id=operation_id, attempt=attempt, retry_of=retry_of)


def test_a_retry_by_the_header() -> None:
    known = Operations()
    assert known.place("A", key="q", retry_count=0) == at("A", 1)
    known.ended("A", failed=True)
    assert known.place("B", key="q", retry_count=1) == at("A", 2, "A")
    known.ended("B", failed=True)
    assert known.place("C", key="q", retry_count=2) == at("A", 3, "B")


def test_a_retry_whose_first_attempt_has_not_ended_here() -> None:
    known = Operations()
    known.place("A", key="q", retry_count=0)
    assert known.place("B", key="q", retry_count=1) == at("A", 2, "A")
    known.ended("A", failed=True)  # the drained rest of the attempt that the client gave up
    assert known.place("C", key="q") == at("C", 1), "B is under way"
    known.ended("B", failed=False)
    assert known.place("D", key="q") == at("D", 1)


def test_the_header_is_believed_after_an_answer() -> None:
    known = Operations()
    known.place("A", key="q", retry_count=0)
    known.ended("A", failed=False)
    assert known.place("B", key="q", retry_count=1) == at("A", 2, "A")


@pytest.mark.parametrize("said", [None, 0])
def test_without_a_header_a_failed_question_is_asked_again(said: int | None) -> None:
    known = Operations()
    known.place("A", key="q", retry_count=said)
    known.ended("A", failed=True)
    assert known.place("B", key="q", retry_count=said) == at("A", 2, "A")


def test_a_clis_own_loop_around_its_sdks() -> None:
    known = Operations()
    places = []
    for call_id, said in zip("ABCDEF", (0, 1, 2, 0, 1, 2), strict=True):
        places.append(known.place(call_id, key="q", retry_count=said))
        known.ended(call_id, failed=True)
    assert [(place.operation_id, place.attempt) for place in places] == [("A", n) for n in range(1, 7)]


def test_the_same_question_after_an_answer_or_beside_another_is_a_new_operation() -> None:
    known = Operations()
    known.place("A", key="q")
    assert known.place("B", key="q") == at("B", 1)
    known.ended("A", failed=False)
    known.ended("B", failed=False)
    assert known.place("C", key="q") == at("C", 1)


def test_another_question_is_another_operation() -> None:
    known = Operations()
    known.place("A", key="q")
    known.ended("A", failed=True)
    assert known.place("B", key="other") == at("B", 1)
    assert known.place("C", key="other", retry_count=2) == at("B", 2, "B")


def test_each_of_several_samples_gets_its_own_retry() -> None:
    known = Operations()
    for call_id in "ABC":
        known.place(call_id, key="q")
    known.ended("B", failed=True)
    known.ended("A", failed=False)
    known.ended("C", failed=True)
    assert known.place("D", key="q", retry_count=1) == at("B", 2, "B")
    assert known.place("E", key="q") == at("C", 2, "C")
    assert known.place("F", key="q") == at("F", 1)


def test_of_several_the_one_whose_count_fits() -> None:
    known = Operations()
    known.place("A", key="q")
    known.place("B", key="q")
    known.ended("B", failed=True)
    known.place("C", key="q", retry_count=1)
    known.ended("C", failed=True)
    known.ended("A", failed=True)
    assert known.place("D", key="q", retry_count=2) == at("B", 3, "C")
    assert known.place("E", key="q", retry_count=1) == at("A", 2, "A")


def test_a_retry_of_nothing_known() -> None:
    known = Operations()
    assert known.place("A", key="q", retry_count=2) == at("A", 3)
    known.ended("A", failed=True)
    assert known.place("B", key="q", retry_count=3) == at("A", 4, "A")


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "_KEPT_QUESTIONS", 3)
    monkeypatch.setattr(operations, "_KEPT_PER_QUESTION", 2)
    known = Operations()
    known.place("A", key="q")
    known.ended("A", failed=True)
    for number in range(3):
        known.place(f"other {number}", key=f"other {number}")
    assert known.place("B", key="q") == at("B", 1), "A is forgotten"
    known.ended("A", failed=True)
    known.ended("B", failed=False)
    known.place("C", key="q")
    known.place("D", key="q")
    known.ended("C", failed=True)
    assert known.place("E", key="q") == at("C", 2, "C"), "the answered one was forgotten first"


steps = st.lists(
    st.tuples(st.sampled_from("pqr"), st.none() | st.integers(0, 3), st.none() | st.booleans()), max_size=40
)


@given(steps)
def test_operations_are_chains(asked: list[tuple[str, int | None, bool | None]]) -> None:
    known = Operations()
    placed: dict[str, tuple[str, Place]] = {}
    for number, (key, said, failed) in enumerate(asked):
        call_id = str(number)
        place = known.place(call_id, key=key, retry_count=said)
        if place.retry_of is None:
            assert place == at(call_id, (said or 0) + 1)
        else:
            of_key, before = placed[place.retry_of]
            assert (of_key, before.operation_id, before.attempt + 1) == (
                key,
                place.operation_id,
                place.attempt,
            )
        placed[call_id] = (key, place)
        if failed is not None:
            known.ended(call_id, failed=failed)
    tried_again = [place.retry_of for _, place in placed.values() if place.retry_of is not None]
    assert len(set(tried_again)) == len(tried_again), "no attempt is tried again twice"


@pytest.mark.parametrize(
    ("value", "count"),
    [("0", 0), ("2", 2), (" 3 ", 3), ("", None), ("-1", None), ("1, 2", None), ("x", None), ("²", None),
     ("9999", 1000), ("99999999999999", None)],
)  # fmt: skip
def test_the_header(value: str, count: int | None) -> None:
    assert retry_count([("Host", "x"), ("X-Stainless-Retry-Count", value)]) == count
    assert retry_count([("Host", "x")]) is None
