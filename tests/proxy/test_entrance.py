"""Whose request it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cab_proxy.entrance import RunEntrance, Stranger, TcpEntrance, Visitor
from cab_proxy.exchange import Headers
from cab_proxy.ledger import LedgerWriter
from cab_proxy.runs import Registry, Run
from cab_proxy.urls import Upstream

TOKEN = "cab-0123456789"
OWN = (("Authorization", "Bearer sk-own"),)
HELD = (("Authorization", f"Bearer {TOKEN}"),)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with LedgerWriter(tmp_path / "calls.jsonl") as ledger:
        yield Run(run_id="r", upstream=Upstream("http://h"), ledger=ledger, token=TOKEN)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        OWN,
        (("Authorization", "Bearer cab-012345678"),),
        (("Authorization", f"Bearer {TOKEN}x"),),
        (("Authorization", f"Basic {TOKEN}"),),
        (*HELD, ("X-Api-Key", "sk-own")),
        (*OWN, *HELD),
        (("X-Token", TOKEN),),
    ],
)
def test_a_runs_socket_takes_its_token_only(run: Run, headers: Headers) -> None:
    assert RunEntrance(run, "real").admit(headers) == Stranger(run=run)


def test_the_token_is_swapped_for_the_key(run: Run) -> None:
    assert RunEntrance(run, "real").admit(HELD) == Visitor(
        run=run, headers=(("Authorization", "Bearer real"),)
    )
    assert RunEntrance(run, "real").admit((("x-api-key", TOKEN),)) == Visitor(
        run=run, headers=(("x-api-key", "real"),)
    )
    assert RunEntrance(run, None).admit(HELD) == Visitor(run=run, headers=())


def test_a_token_in_the_query_becomes_a_key_in_a_header(run: Run) -> None:
    admitted = RunEntrance(run, "real").admit((), f"/v1beta/x?alt=sse&key={TOKEN}", "x-goog-api-key")
    assert admitted == Visitor(run=run, headers=(("x-goog-api-key", "real"),), target="/v1beta/x?alt=sse")
    assert RunEntrance(run, "real").admit(HELD, "/x?key=other") == Stranger(run=run)


def test_a_token_is_dead_after_its_run(run: Run) -> None:
    entrance = RunEntrance(run, "real")
    entrance.open = False
    assert entrance.admit(HELD) == Stranger(run=None)


def test_on_tcp_a_token_selects_its_run(run: Run) -> None:
    registry = Registry()
    registry.add(run)
    plain = Run(run_id=None, upstream=Upstream("http://plain"), ledger=run.ledger)
    entrance = TcpEntrance(plain, registry, "real")
    assert entrance.admit(HELD) == Visitor(run=run, headers=(("Authorization", "Bearer real"),))
    assert entrance.admit((("Authorization", "Bearer cab-dead"),)) == Stranger(run=plain)
    assert entrance.admit((*HELD, ("x-api-key", "sk-own"))) == Stranger(run=plain)
    assert TcpEntrance(None, registry, "real").admit(OWN) == Stranger(run=None)


def test_the_plain_proxys_rule(run: Run) -> None:
    without = TcpEntrance(run, Registry(), None)
    assert without.admit(OWN) == Visitor(run=run, headers=OWN)
    assert without.admit(()) == Visitor(run=run, headers=())
    holding = TcpEntrance(run, Registry(), "real")
    real = (("Authorization", "Bearer real"),)
    assert holding.admit(OWN) == Visitor(run=run, headers=real)
    assert holding.admit(()) == Visitor(run=run, headers=real)
