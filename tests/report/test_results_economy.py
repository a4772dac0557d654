from __future__ import annotations

from typing import Any

import pytest

from cab_report.results.economy import EconomyRow, economy
from cab_report.results.groups import families
from cab_report.results.runs import Run
from fakes.cells import cell
from fakes.evidence import call, evidence, failed_call
from fakes.many_cells import attempt


def rows(*cells: dict[str, Any]) -> list[EconomyRow]:
    by_family = families(map(Run.from_cell, cells))
    return list(economy(group for groups in by_family.values() for group in groups).rows)


def test_an_agent_is_described_over_all_models_and_kinds_apart() -> None:
    found = rows(
        attempt(model="a"), attempt(model="b"), attempt(kind="simulated"), attempt(fault="interrupted")
    )
    assert [(row.kind, row.attempts) for row in found] == [("real", 2), ("simulated", 1)]


def test_claims_are_a_median_and_the_widest() -> None:
    [row] = rows(*(attempt(claimed=claimed) for claimed in (1100, 550, 1210)), attempt())
    assert (row.attempts, row.claims) == (4, 3)
    assert row.self_report_error == {
        "input": pytest.approx(0.1), "output": -1, "total": pytest.approx(0),
    }  # fmt: skip
    assert row.lowest_error == -0.5
    assert row.highest_error == pytest.approx(0.1)


def test_without_a_claim_nothing_is_known() -> None:
    [row] = rows(attempt())
    assert (row.claims, row.lowest_error, set(row.self_report_error.values())) == (0, None, {None})


def test_waste_is_a_ratio_of_sums_over_attempts_where_both_are_known() -> None:
    wasteful = cell(evidence(calls=(call(request_hash="x"), call(at_s=1, request_hash="x"))))
    unknown = cell(evidence(calls=(call(), failed_call(500, at_s=1), call(at_s=3))))
    [row] = rows(
        *({**made, "identity": attempt()["identity"]} for made in (wasteful, unknown)),
        attempt(tokens=(7600, 100)),
    )
    assert row.waste_tokens == pytest.approx(1100 / (2200 + 7700))
    assert row.waste_by_fault == {
        "agent": 0, "endpoint": 0, "user": 0, "duplicate": row.waste_tokens,
    }  # fmt: skip
    assert row.waste_time == pytest.approx((500 + 500) / (1000 + 1500 + 500))


def test_harness_tax_is_over_the_prompts_that_were_taken_apart() -> None:
    bare = {**cell(evidence()), "identity": attempt()["identity"]}
    assert rows(attempt(), bare)[0].harness_tax == 0.4
    assert rows(bare)[0].harness_tax is None
