"""ULIDs."""

from __future__ import annotations

from cab_proxy.ids import ulid


def test_ulids_sort_by_time_and_differ() -> None:
    assert len(ulid(0)) == 26
    assert ulid(0).startswith("0000000000")
    assert ulid(1_000) < ulid(1_001) < ulid(2**47)
    assert len({ulid(5) for _ in range(100)}) == 100
    assert ulid(1_469_918_176_385).startswith("01ARYZ6S41")  # the specification's own example
