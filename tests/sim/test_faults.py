"""Faults: how they are written, and when each is due."""

import pytest

from cab_sim.errors import SimError
from cab_sim.faults import KINDS, Fault, FaultQueue


def test_without_a_number_every_call_is_hit() -> None:
    queue = FaultQueue([Fault.parse("500")])
    assert [queue.next() for _ in range(3)] == ["500"] * 3


def test_numbered_faults_come_one_after_the_other() -> None:
    queue = FaultQueue(map(Fault.parse, ["429:2", "cut:1", "no-usage:1"]))
    assert [queue.next() for _ in range(6)] == ["429", "429", "cut", "no-usage", None, None]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read(kind: str) -> None:
    assert Fault.parse(f"{kind}:3") == Fault(kind=kind, calls=3)


@pytest.mark.parametrize("text", ["", "418", "429:", "429:0", "429:x", "429:-1", "cut:²"])
def test_says_what_is_wrong(text: str) -> None:
    with pytest.raises(SimError, match=r"unknown fault|how many calls"):
        Fault.parse(text)
