from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from cab_report.rows import Row, Words, words
from cab_scoring.evidence import Evidence
from fakes.cells import cell
from fakes.evidence import FAILED_GRADE, RUN, call, evidence, evidences, failed_call, open_call


def read(given: Evidence | None = None, **named: Any) -> Words:
    return words(Row.from_cell(cell(given, **named)))


def test_a_clean_pass() -> None:
    assert read() == Words(
        agent="bash-loop",
        model="small-1",
        task="mutations/swap",
        passed="yes",
        score="0.957",
        calls="1",
        input="1,000",
        output="100",
        cost="–",
        wall_s="10.0",
        model_s="0.5",
        blast="0.00",
    )


def test_a_simulated_cell_says_so() -> None:
    assert read(model="oracle", simulated=True).model == "oracle (sim)"


def test_a_provisional_score_says_so() -> None:
    assert read(provisional=True).score == "0.957 provisional"


def test_a_fail_names_its_cause() -> None:
    found = read(evidence(grade=FAILED_GRADE, run=replace(RUN, timed_out=True)))
    assert (found.passed, found.score) == ("no", "0.000 agent_timeout")


def test_a_void_attempt_has_no_verdict() -> None:
    found = read(evidence(calls=(call(), failed_call(429, at_s=2))))
    assert (found.passed, found.score) == ("–", "void: rate_limited")


def test_an_unknown_component_shows_the_range() -> None:
    assert read(evidence(calls=(call(), open_call(at_s=2)))).score == "0.769–0.957"


def test_sources_are_marked() -> None:
    estimated = read(evidence(calls=(call(source="estimated"),)))
    assert (estimated.input, estimated.output) == ("~1,000", "~100")
    in_part = read(evidence(calls=(call(), open_call(at_s=2))))
    assert (in_part.input, in_part.output) == ("≥1,000", "≥100")
    partial = read(evidence(calls=(call(source="partial"),)))
    assert partial.output == "≥100"
    both = read(evidence(calls=(call(source="estimated"), open_call(at_s=2))))
    assert both.input == "≥~1,000"


def test_unknown_is_never_0() -> None:
    nothing = evidence(run=None, workspace=None, grade=None, calls=(), runner_fault="image_missing")
    found = read(nothing)
    unknown = (found.passed, found.input, found.output, found.cost, found.wall_s, found.model_s, found.blast)
    assert set(unknown) == {"–"}
    assert read(evidence(calls=(call(tokens=(None, None)),))).input == "–"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "$0.0000"), ("0.00001", "<$0.0001"), ("0.0123", "$0.0123"), ("1234.5", "$1,234.5000")],
)
def test_cost(amount: str, shown: str) -> None:
    assert read(evidence(calls=(call(cost_usd=Decimal(amount)),))).cost == shown


def test_a_cost_of_some_calls_is_a_lower_bound() -> None:
    assert read(evidence(calls=(call(cost_usd=Decimal("0.5")), call(at_s=1)))).cost == "≥$0.5000"


@given(evidences())
def test_any_cell_has_a_row_and_its_json_is_plain(given_evidence: Evidence) -> None:
    row = Row.from_cell(cell(given_evidence))
    assert all(vars_of(words(row)))
    assert json.loads(json.dumps(row.to_json())) == row.to_json()


def vars_of(found: Words) -> list[str]:
    return [getattr(found, name) for name in Words.__slots__]
