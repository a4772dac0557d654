"""The official SDKs see no difference between an endpoint and the meter in front of it.

Each conversation is held three times, each with a simulator of its own: directly, through the plain proxy,
and through a run's door. All that the SDK gives must be the same, and so must every status, header and byte
below it, hop-by-hop headers left aside. The ledger must say what the simulator counted.
"""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cab_proxy.records import Record, calls_of
from cab_proxy.summary import summarise
from cab_sim import server as sim_server
from cab_sim.calls import Call
from fakes.endpoint import LAST_CHUNK, SSE_HEAD, Endpoint, chunk, event
from fakes.metered import read_ledger
from fakes.sdks import (
    Talk,
    chat,
    completions,
    embeddings,
    gemini,
    leading,
    messages,
    questions,
    responses,
    travel,
    with_the_clients_they_bring,
)

TOOLS: list[Talk] = [chat, responses, messages, gemini]
CASES = [(talk, stream) for talk in (*TOOLS, completions, embeddings) for stream in (False, True)][:-1]
IDS = [f"{talk.__name__}-{'stream' if stream else 'plain'}" for talk, stream in CASES]
each_case = pytest.mark.parametrize(("talk", "stream"), CASES, ids=IDS)
each_way = pytest.mark.parametrize("way", ["proxy", "door"])


directly = functools.cache(functools.partial(travel, "direct"))


@pytest.fixture(autouse=True)
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers carry the time of day: let it stand still, so that their bytes compare."""
    monkeypatch.setattr(sim_server, "time", SimpleNamespace(time=lambda: 1_790_000_000.0))


def check_tokens(record: Record, call: Call) -> None:
    """The ledger has the simulator's own count, as reported; of the cache, where the endpoint tells of it."""
    assert (record.protocol, record.stream) == (call.protocol, call.stream)
    counts = (call.prompt_tokens, call.completion_tokens, call.cached_tokens, call.cache_write_tokens)
    told = {"messages": 4, "responses": 4}.get(call.protocol, 2)
    kinds = ("input", "output", "cached", "cache_write")
    assert [getattr(record.tokens, kind) for kind in kinds] == [*counts[:told], None, None][:4]
    sources = [getattr(record.tokens_source, kind) for kind in kinds]
    assert sources == ["reported"] * told + ["none"] * (4 - told)


@each_way
@each_case
def test_a_conversation_is_the_same_and_counted(talk: Talk, stream: bool, way: str) -> None:
    direct, through = directly(talk, stream), travel(way, talk, stream)
    assert direct.seen
    assert through.seen == direct.seen
    assert through.heard == direct.heard
    calls = calls_of(through.records)
    assert len(calls) == len(through.calls) == 2 - (talk is completions)
    for record, call in zip(calls, through.calls, strict=True):
        check_tokens(record, call)
    if talk in TOOLS:  # the second call brought the tool's result
        first, second = (call.prompt_tokens or 0 for call in through.calls)
        assert 0 < first < second


@each_way
@pytest.mark.parametrize(
    "fault", ["429", "500", "401", "cut", "no-usage", "usage-always", "split-utf8", "gzip"]
)
@each_case
def test_so_is_one_that_goes_wrong(talk: Talk, stream: bool, fault: str, way: str) -> None:
    if (talk, stream, fault) == (messages, True, "no-usage"):
        return  # the SDK itself breaks on it, with an AttributeError, wherever it has got to
    direct, through = directly(talk, stream, fault), travel(way, talk, stream, fault)
    assert direct.seen
    assert through.seen == direct.seen
    assert through.heard == direct.heard
    for record, call in zip(calls_of(through.records), through.calls, strict=True):
        assert record.status == call.status
        if call.status == 200 and fault not in {"cut", "no-usage"}:
            check_tokens(record, call)
        else:
            assert record.tokens_source.output != "reported"
            assert (record.error_type is None) == (fault == "no-usage")


@each_way
@pytest.mark.parametrize("talk", [chat, messages, gemini])
def test_a_retry_is_a_second_attempt(talk: Talk, way: str) -> None:
    direct = directly(talk, False, "429:1", retries=2)
    through = travel(way, talk, False, "429:1", retries=2)
    assert through.seen == direct.seen
    assert through.heard == direct.heard
    assert [heard.status for heard in through.heard] == [429, 200, 200]
    failed, again, other = calls_of(through.records)
    assert (failed.attempt, again.attempt, other.attempt) == (1, 2, 1)
    assert again.operation_id == failed.operation_id != other.operation_id
    assert (failed.retry_of, again.retry_of) == (None, failed.call_id)
    summary = summarise(through.records)
    assert summary.operations is not None
    assert (summary.operations.count, summary.operations.retried, summary.waste.calls) == (2, 1, 1)


@each_way
def test_questions_are_answered_and_are_no_calls(way: str) -> None:
    direct, through = directly(questions, False), travel(way, questions, False)
    assert len(direct.heard) == 3
    assert through.seen == direct.seen
    assert through.heard == direct.heard
    assert summarise(through.records).calls == 0


# google-genai derives its session from aiohttp's, which aiohttp discourages
@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_so_it_is_with_the_http_clients_that_they_bring() -> None:
    direct = directly(with_the_clients_they_bring, False)
    through = travel("proxy", with_the_clients_they_bring, False)
    assert through.seen == direct.seen
    assert [call.protocol for call in calls_of(through.records)] == ["chat", "messages", "gemini", "gemini"]


BEGUN = {
    "type": "message",
    "id": "m",
    "role": "assistant",
    "model": "oracle",
    "content": [],
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
IN_BAND: dict[Talk, bytes] = {
    chat: event({"error": {"message": "Overloaded.", "type": "server_error", "code": "busy"}}),
    responses: b"event: error\n"
    + event({"type": "error", "error": {"type": "server_error", "code": "busy", "message": "Overloaded."}}),
    messages: b"event: message_start\n"
    + event({"type": "message_start", "message": BEGUN})
    + b"event: error\n"
    + event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded."}}),
    gemini: event({"error": {"code": 503, "message": "Overloaded.", "status": "UNAVAILABLE"}}),
}


@each_way
@pytest.mark.parametrize("talk", IN_BAND)
def test_an_error_within_a_stream_is_raised_as_it_was(talk: Talk, way: str, tmp_path: Path) -> None:
    async def seen(kind: str) -> tuple[list[Any], tuple[Record, ...]]:
        async with (
            Endpoint([SSE_HEAD, chunk(IN_BAND[talk]), LAST_CHUNK]) as endpoint,
            leading(kind, endpoint.url, tmp_path) as (path, ledger),
            path.http,
        ):
            with path.errors():
                await talk(path, True)
        return path.seen, () if ledger is None else read_ledger(ledger)

    direct, _ = asyncio.run(seen("direct"))
    through, records = asyncio.run(seen(way))
    assert "Overloaded." in str(direct[-1])
    assert through == direct
    assert {call.error_type for call in calls_of(records)} == {"in_band_error"}
