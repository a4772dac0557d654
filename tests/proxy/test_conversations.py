"""Ten thousand conversations of known truth through the meters, and three hundred through a live relay."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Final

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from cab_proxy.figures import reported
from cab_proxy.headers import content_of
from cab_proxy.jsonbody import read_json
from cab_proxy.protocols import detect
from cab_proxy.protocols.base import Facts
from cab_proxy.records import TOKEN_KINDS, Record, Source, decode
from fakes.conversations import DIALECTS, Conversation, Plan, Truth, converse, plans, whole
from fakes.endpoint import CUT, LAST_CHUNK, Endpoint, Seen, Step, chunk, head
from fakes.metered import Metered, metered, read_ledger, send

BYTEWISE: Final = 2048
"""Bodies up to this length are also fed byte by byte."""

SHARES: Final = {
    "chat": 3000,
    "messages": 2200,
    "responses": 1800,
    "gemini": 1400,
    "ollama": 800,
    "completions": 500,
    "embeddings": 300,
}
"""Ten thousand."""
LIVE: Final = 300


def pieces_of(body: bytes, rng: Random) -> list[bytes]:
    """A body in pieces of any length, none of them empty."""
    most = rng.choice((1, 3, 10, 60))
    cuts = sorted({0, len(body), *(rng.randint(0, len(body)) for _ in range(most))})
    return [body[start:end] for start, end in itertools.pairwise(cuts)]


def sources(truth: Truth) -> dict[str, Source]:
    """Where each figure must be from, before there are estimates."""
    known: Source = "partial" if truth.partial else "reported"
    return {kind: "none" if getattr(truth.tokens, kind) is None else known for kind in TOKEN_KINDS}


# --- sans I/O ------------------------------------------------------------------------------------


def fed(plan: Plan, talk: Conversation, pieces: Sequence[bytes]) -> tuple[Facts, bool, bool]:
    """What a meter reads; whether it had come to the last event; and to a piece of the answer."""
    body, path = read_json(talk.request).value, talk.target.partition("?")[0]
    protocol = detect(path)
    assert body is not None
    assert protocol is not None
    assert protocol.name == plan.protocol
    meter = protocol.meter(protocol.read_request(body, path), *content_of(talk.headers))
    for piece in pieces:
        meter.feed(piece)
    done = meter.done
    return meter.finish(), done, meter.saw_delta


@pytest.mark.parametrize(("protocol", "share"), SHARES.items())
def test_meters_tell_the_truth(protocol: str, share: int) -> None:
    made = 0

    @settings(max_examples=share)
    @given(plans(protocol))
    def tell(plan: Plan) -> None:
        nonlocal made
        made += 1
        talk = converse(plan)
        body, truth = talk.body, talk.truth
        found = facts, done, saw_delta = fed(plan, talk, [body])
        assert fed(plan, talk, pieces_of(body, Random(plan.seed))) == found
        if len(body) <= BYTEWISE:
            assert fed(plan, talk, [body[at : at + 1] for at in range(len(body))]) == found
        figures = reported(facts, broken=truth.error_type is not None)
        assert figures.tokens == truth.tokens
        assert asdict(figures.source) == sources(truth)
        assert (facts.cost_usd, facts.cache_write_1h) == (truth.cost_usd, truth.cache_write_1h)
        assert (facts.error_code, facts.in_band_error) == (truth.error_code, truth.in_band_error)
        assert (facts.readable, done) == (truth.readable, truth.done)
        assert facts.ended is truth.ended or talk.status != 200
        assert (facts.finish_reasons, facts.model) == (truth.finish_reasons, truth.model)
        said = [whole(text) for text in facts.said]
        assert sum(map(len, said)) == sum(map(len, truth.said))
        assert all(any(text in one for one in said) for text in truth.said)
        assert saw_delta is bool(truth.said)

    tell()
    assert made >= share


# --- live ----------------------------------------------------------------------------------------


def steps(plan: Plan, talk: Conversation) -> list[Step]:
    """An answer with its framing, in pieces."""
    rng = Random(plan.seed)
    pieces = pieces_of(talk.body, rng)
    if len(talk.body) <= BYTEWISE and rng.random() < 0.1:
        pieces = [talk.body[at : at + 1] for at in range(len(talk.body))]
    framing = {
        "length": ("Content-Length", str(talk.length)),
        "chunked": ("Transfer-Encoding", "chunked"),
        "close": ("Connection", "close"),
    }
    first = head(talk.status, *talk.headers, framing[plan.framing])
    if plan.framing == "chunked":
        return [first, *map(chunk, pieces), LAST_CHUNK if talk.ends_cleanly else CUT]
    whole_length = plan.framing == "length" and talk.length == len(talk.body)
    return [first, *pieces, *(() if whole_length else (CUT,))]


def check_record(record: Record, plan: Plan, talk: Conversation) -> None:
    truth = talk.truth
    assert (record.kind, record.protocol, record.status) == ("call", plan.protocol, talk.status)
    assert record.error_type == truth.error_type
    assert record.request_hash == hashlib.sha256(talk.request).hexdigest()
    assert record.response_bytes == len(talk.body)
    assert record.finish_reasons == truth.finish_reasons
    assert (record.error_code, record.model_returned) == (truth.error_code, truth.model)
    for kind, source in sources(truth).items():
        tokens, found = getattr(record.tokens, kind), getattr(record.tokens_source, kind)
        if source != "none":
            assert (kind, found, tokens) == (kind, source, getattr(truth.tokens, kind))
        else:
            assert found in {"estimated", "none"}
            assert (tokens is None) is (found == "none")
    if talk.status == 200 and truth.readable and not truth.in_band_error:
        assert record.tokens.input is not None
        assert record.tokens.output is not None
    if truth.cost_usd is not None:
        assert (record.cost_usd, record.cost_source) == (truth.cost_usd, "reported")
    else:
        assert record.cost_source != "reported"


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_a_live_relay_tells_the_truth(tmp_path: Path, new_loop: Callable[[], AbstractEventLoop]) -> None:
    served: dict[str, list[Step]] = {}
    made = read = 0

    def script(seen: Seen) -> list[Step]:
        name = seen.header("X-Conversation")
        assert name is not None
        return served.pop(name)

    async def hold(endpoint: Endpoint, proxy: Metered, plan: Plan, name: str) -> None:
        nonlocal read
        talk = converse(plan)
        served[name] = steps(plan, talk)
        got = await send(proxy.url, "POST", talk.target, talk.request, ("X-Conversation", name))
        lines = proxy.ledger.read_bytes()
        opened, ended = lines[read:].splitlines()
        read = len(lines)
        assert endpoint.seen.pop().body == talk.request
        assert (got.status, got.body, got.whole) == (talk.status, talk.body, talk.ends_cleanly)
        assert all(got.header(field) == value for field, value in talk.headers)
        check_record(decode(ended), plan, talk)
        assert decode(opened).call_id == decode(ended).call_id
        assert proxy.said == []

    with asyncio.Runner(loop_factory=new_loop) as runner:
        stack = contextlib.AsyncExitStack()
        endpoint = runner.run(stack.enter_async_context(Endpoint(script)))
        proxy = runner.run(stack.enter_async_context(metered(endpoint.origin, tmp_path)))

        @settings(max_examples=LIVE)
        @given(st.one_of(*map(plans, DIALECTS)))
        def tell(plan: Plan) -> None:
            nonlocal made
            made += 1
            runner.run(hold(endpoint, proxy, plan, str(made)))

        try:
            tell()
        finally:
            runner.run(stack.aclose())
    assert made >= LIVE
    assert len(read_ledger(tmp_path / "calls.jsonl")) == 2 * made
