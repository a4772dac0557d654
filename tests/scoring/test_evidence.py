from __future__ import annotations

import json

import pytest
from hypothesis import given

from cab_scoring.evidence import AgentRun, Change, Evidence, EvidenceError, Workspace
from fakes.evidence import RUN, evidence, evidences


@given(evidences())
def test_evidence_survives_json(given_evidence: Evidence) -> None:
    stored = json.dumps(given_evidence.to_json(), allow_nan=False)
    assert Evidence.from_json(json.loads(stored)) == given_evidence


def test_tuples_come_back_as_tuples() -> None:
    run = evidence().run
    assert run is not None
    assert AgentRun.from_json(json.loads(json.dumps(run.to_json()))).agent_files == (".aider*", ".aider*/**")


def test_fields_of_a_later_version_are_ignored() -> None:
    assert Change.from_json({**Change("a", "added", 1, 0).to_json(), "mode": 7}) == Change("a", "added", 1, 0)


def test_a_run_of_before_there_were_two_clocks_is_read() -> None:
    older = RUN.to_json()
    del older["ran_out"]
    assert AgentRun.from_json(older) == RUN


def test_a_missing_field_is_named() -> None:
    with pytest.raises(EvidenceError, match="Workspace lacks extra_git_dir, documents"):
        Workspace.from_json({"changes": []})


@pytest.mark.parametrize("part", ["task", "run", "grade"])
def test_a_part_that_is_no_object_is_an_evidence_error(part: str) -> None:
    with pytest.raises(EvidenceError, match="is not a JSON object"):
        Evidence.from_json({**evidence().to_json(), part: "x"})


def test_a_call_that_is_no_record_is_an_evidence_error() -> None:
    with pytest.raises(EvidenceError, match="a call of the evidence cannot be read: no schema_version"):
        Evidence.from_json({**evidence().to_json(), "calls": [{"kind": "call"}]})


@pytest.mark.parametrize(
    "part", [{"calls": 7}, {"workspace": {"changes": 7, "extra_git_dir": False, "documents": {}}}]
)
def test_a_list_that_is_something_else_is_an_evidence_error(part: dict[str, object]) -> None:
    with pytest.raises(EvidenceError, match="something else"):
        Evidence.from_json({**evidence().to_json(), **part})
