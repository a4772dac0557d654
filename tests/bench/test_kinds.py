"""Relays are started, asked, and what they recorded is counted."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cab_bench import kinds, peers
from cab_bench.errors import BenchError
from cab_bench.measure import fault


def test_ours_relays_and_its_ledger_has_every_call(tmp_path: Path) -> None:
    peer = kinds.cab()
    assert peer.version()
    with (
        peers.endpoint(tmp_path) as direct,
        peers.running(peer, direct.port, tmp_path / "relay") as target,
    ):
        assert fault(target, "plain", 2_000) is None
        assert fault(target, "stream-5-0", 17_000) is None
        # the third is the one that showed that it was up
        assert kinds.ledger_lines(target) == (3, 3)
        assert kinds.ledger_lines(target) == (0, 0)
        assert kinds.ledger_lines(direct) is None


def test_a_relay_that_ends_at_once_says_why(tmp_path: Path) -> None:
    code = "import sys; sys.exit('no luck today')"
    peer = replace(kinds.cab(), name="broken", command=lambda _place: [sys.executable, "-c", code])
    with pytest.raises(BenchError, match="no luck today"), peers.running(peer, 1, tmp_path / "relay"):
        pass


def test_names_are_told_apart() -> None:
    names = [peer.name for peer in kinds.known()]
    assert len(set(names)) == len(names)
    assert "cab-proxy" in names
