"""What one attempt came to, in words, whatever its record holds."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_report.attempt.scores import Score, composite, scores
from cab_scoring.evidence import Evidence
from fakes.evidence import FAILED_GRADE, REFUSE_TASK, call, evidence, evidences
from fakes.recorded import recorded


def by_name(given_evidence: Evidence | None = None) -> dict[str, Score]:
    return {score.name: score for score in scores(recorded(given_evidence))}


def test_a_clean_pass_has_its_figures() -> None:
    found = by_name(evidence(calls=(call(cost_usd=Decimal("0.02")),)))
    shown = ("pass", "tokens", "tokens/correct", "USD", "wall time", "blast radius")
    values = ("passed", "1,100", "1,100", "$0.0200", "10.0 s", "0.00")
    assert tuple(found[name].value for name in shown) == values


@pytest.mark.parametrize(
    ("given_evidence", "name", "note"),
    [
        (evidence(grade=FAILED_GRADE), "tokens/correct", "did not pass: there is nothing"),
        (evidence(grade=FAILED_GRADE), "pass", "reward is 0"),
        (evidence(), "USD", "neither the endpoint nor the price list"),
        (evidence(calls=(call(tokens=(None, None)),)), "tokens", "reported no usage"),
        (evidence(), "refusal", "does not apply"),
        (evidence(), "self-report error", "reported no tokens of its own"),
        (evidence(runner_fault="interrupted"), "pass", "void (interrupted)"),
        (evidence(runner_fault="interrupted"), "tokens/correct", "void (interrupted)"),
        (evidence(), "blast radius", "0 of 1 changed files"),
        (evidence(calls=(call(), call(at_s=1, tokens=(None, None)))), "tokens", "known of 50.0% of calls"),
    ],
)
def test_a_figure_that_is_not_known_or_not_whole_says_why(
    given_evidence: Evidence, name: str, note: str
) -> None:
    assert note in (by_name(given_evidence)[name].note or "")


def test_lower_bounds_and_estimates_are_marked() -> None:
    calls = (call(source="estimated"), call(at_s=1, tokens=(None, None)))
    assert by_name(evidence(calls=calls))["tokens"].value == "≥~1,100"


def test_an_older_record_lacks_axes_and_that_is_said() -> None:
    assert {score.value for score in scores({})} == {None}
    assert all(score.note for score in scores({}))


@pytest.mark.parametrize("strange", ["<script>", [1], {"a": 1}, True, float("nan")])
def test_a_figure_of_a_wrong_type_can_not_be_shown(strange: Any) -> None:
    cell = recorded()
    cell["scores"]["latency"]["wall_clock_ms"] = strange
    cell["scores"]["tokens"]["cost_usd"] = strange
    found = {score.name: score for score in scores(cell)}
    for name in ("wall time", "USD"):
        assert found[name].value is None
        assert (found[name].note or "").startswith("can't be shown: the record has ")


def test_the_composite_has_its_parts() -> None:
    made = composite(recorded())
    names = ["pass rate", "integrity", "cost efficiency", "latency efficiency", "clean blast"]
    assert [part.name for part in made.components] == names
    assert [(name.partition(":")[0], value) for name, value in made.factors] == [
        ("refusal", "1"),
        ("earned", "1"),
    ]
    total = sum(float(part.product) for part in made.components if part.product)
    assert made.value is not None
    assert float(made.value) == pytest.approx(total, abs=5e-4)


def test_a_composite_that_is_not_known_has_bounds_and_a_void_one_none() -> None:
    unknown = composite(recorded(evidence(calls=(call(tokens=(None, None)),))))
    assert unknown.value is None
    assert (unknown.note or "").startswith("between 0.")
    void = composite(recorded(evidence(runner_fault="interrupted")))
    assert (void.note or "").startswith("void")
    assert (void.components, void.factors) == ((), ())


@given(evidences())
def test_any_record_of_ours_can_be_shown_and_a_missing_value_has_a_reason(given_evidence: Evidence) -> None:
    for score in scores(recorded(given_evidence)):
        assert score.value is not None or score.note


KEYS = (
    *(
        "scores",
        "meter",
        "failure",
        "claim",
        "pass_rate",
        "pass",
        "tokens",
        "total_tokens",
        "coverage",
        "cost_usd",
    ),
    *("composite", "composite_bounds", "weights", "components", "waste", "blast_radius", "total_changes"),
)
ANYTHING = st.recursive(
    st.none() | st.text() | st.floats() | st.booleans(),
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner) | st.lists(inner, max_size=3),
)


@given(ANYTHING)
def test_anything_can_be_shown(value: Any) -> None:
    cell = value if isinstance(value, dict) else {}
    assert scores(cell)
    assert composite(cell).components or composite(cell).note


def test_a_refusal_applies_where_one_is_expected() -> None:
    assert by_name(replace(evidence(), task=REFUSE_TASK))["refusal"].value == "0.00"
