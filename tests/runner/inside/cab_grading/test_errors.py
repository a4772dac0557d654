from __future__ import annotations

import pytest

from cab_runner.inside.cab_grading._errors import CheckFailedError, expect, require, shown


def test_expect_passes_what_is_equal() -> None:
    expect([1, "a"], [1, "a"], "list")


@pytest.mark.parametrize(("actual", "wanted"), [(1, 2), (True, 1), (1.0, 1), ("1", 1), (None, False)])
def test_expect_compares_types_too(actual: object, wanted: object) -> None:
    with pytest.raises(CheckFailedError, match="the answer: expected"):
        expect(actual, wanted, "the answer")


def test_require_says_what_was_wrong() -> None:
    require(True, "never said")
    with pytest.raises(CheckFailedError, match="too few"):
        require(False, "too few")


def test_long_values_are_cut() -> None:
    assert shown("x" * 10_000).endswith("… (10002 characters)")
    assert len(shown("x" * 10_000)) < 700
