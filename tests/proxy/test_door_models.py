"""Which names of models are refused."""

from __future__ import annotations

import pytest

from cab_proxy.door_models import model_objections

LISTED = frozenset({"m", "org/m"})


def codes(model: object, models: frozenset[str] | None = LISTED) -> list[str]:
    return [problem.code for problem in model_objections(model, models, "model")]


@pytest.mark.parametrize("model", ["m", "org/m", "models/m"])
def test_listed(model: str) -> None:
    assert codes(model) == []


@pytest.mark.parametrize("model", ["other", "M", "m ", "m:latest", "", None, ["m"], {"model": "m"}, 1])
def test_others(model: object) -> None:
    assert codes(model) == ["model_not_allowed"]


def test_without_a_list_any_passes() -> None:
    assert codes("anything", None) == []
    assert codes(None, None) == []


@pytest.mark.parametrize("models", [None, frozenset({"m:online", "@preset/p"})])
def test_a_listed_model_can_still_be_more_than_a_model(models: frozenset[str] | None) -> None:
    assert codes("m:online", models) == ["hosted_tool_not_allowed"]
    assert codes("@preset/p", models) == ["stored_not_allowed"]
    assert codes("m@preset/p", None) == ["stored_not_allowed"]


def test_the_message_names_the_list_and_is_short() -> None:
    [problem] = model_objections("x" * 500, LISTED, "fallbacks")
    assert problem.message == f"model '{'x' * 100}' is not in this run's list (m, org/m)"
    assert problem.param == "fallbacks"
