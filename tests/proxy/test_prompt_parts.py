"""Dividing a prompt's tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.prompt_parts import Parts, shared_out_again

TOKENS = st.floats(0, 1e7, allow_nan=False).map(lambda tokens: round(tokens, 3))


@given(TOKENS, TOKENS, TOKENS, st.integers(0, 10**20), st.booleans())
def test_parts_add_up_to_what_was_reported(
    system: float, tools: float, messages: float, whole: int, lower_bound: bool
) -> None:
    parts = Parts(system=system, tools=tools, messages=messages, lower_bound=lower_bound).shared_out(whole)
    if parts is not None:
        assert sum(parts.values()) == whole
        assert min(parts.values()) >= 0
        assert parts["tools"] == 0 or tools > 0
        assert shared_out_again(parts, whole) == parts
    else:
        assert not system + tools + messages


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        (None, {"system": 100, "tools": 50, "messages": 51}),
        (402, {"system": 200, "tools": 100, "messages": 102}),
        (2, {"system": 1, "tools": 0, "messages": 1}),
        (0, {"system": 0, "tools": 0, "messages": 0}),
    ],
)
def test_by_the_largest_remainders(whole: int | None, parts: dict[str, int]) -> None:
    assert Parts(system=100, tools=50, messages=51).shared_out(whole) == parts


def test_what_could_not_be_counted_is_the_messages() -> None:
    parts = Parts(system=100, tools=50, messages=50, lower_bound=True)
    assert parts.shared_out(1200) == {"system": 100, "tools": 50, "messages": 1050}
    assert parts.shared_out(100) == {"system": 50, "tools": 25, "messages": 25}


def test_tokens_of_nothing_that_we_see_are_nobodys() -> None:
    nothing = Parts(system=0, tools=0, messages=0)
    assert nothing.shared_out(5) is None
    assert nothing.shared_out(None) == {"system": 0, "tools": 0, "messages": 0}
