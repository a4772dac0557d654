"""The endpoint over a real socket: what holds for every protocol, on the wire."""

import asyncio
import gzip
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cab_proxy.urls import Upstream
from cab_sim.calls import Call
from cab_sim.faults import Fault
from cab_sim.script import ModelScript
from cab_sim.server import MAX_BODY_BYTES, Serving, SimConfig

from .play import ASKS, CONFIG, SAY, SCRIPT, STREAMING, Ask, faulty, post, root, with_server

CHAT = ASKS["chat"]
STREAMED = CHAT.streamed()
FORMS = [pytest.param(ASKS[name], id=f"{name}-plain") for name in STREAMING] + [
    pytest.param(ASKS[name].streamed(), id=f"{name}-stream") for name in STREAMING
]
ERROR_FIELDS = {
    "chat": {"error"},
    "responses": {"error"},
    "completions": {"error"},
    "embeddings": {"error"},
    "messages": {"type", "error"},
    "gemini": {"error"},
    "ollama": {"error"},
}


async def _no_wait(_seconds: float) -> None:
    return None


# --- every protocol


@pytest.mark.parametrize("name", ASKS)
def test_a_call_is_counted_once_and_named(name: str) -> None:
    (got,), (call,) = post(CONFIG, ASKS[name])
    assert got.status == 200
    assert got.headers["Content-Type"] == "application/json"
    assert (call.protocol, call.model, call.stream, call.completed) == (name, "oracle", False, True)
    assert call.prompt_tokens
    assert bool(call.completion_tokens) == (name != "embeddings")


@pytest.mark.parametrize("name", STREAMING)
def test_a_stream_costs_what_a_plain_answer_costs(name: str) -> None:
    (plain, streamed), (one, two) = post(CONFIG, ASKS[name], ASKS[name].streamed())
    assert streamed.headers["Content-Type"] == (
        "application/x-ndjson" if name == "ollama" else "text/event-stream"
    )
    assert two.stream
    for field in ("prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens", "completed"):
        assert getattr(one, field) == getattr(two, field)
    assert not plain.broken
    assert not streamed.broken


@pytest.mark.parametrize("name", ASKS)
def test_errors_have_the_protocols_own_form(name: str) -> None:
    ask = ASKS[name]
    unknown = ask.with_model("cheat:2")
    replies, calls = post(
        faulty("429:1", "500:1", "401:1"), ask, ask, ask, unknown, (ask.path, b"{"), (ask.path, b"{}")
    )
    assert [got.status for got in replies] == [429, 500, 401, 404, 400, 400]
    assert all(set(got.json()) == ERROR_FIELDS[name] for got in replies)
    assert replies[0].headers["Retry-After"] == "1"
    assert "oracle, cheat:1, null" in replies[3].body.decode()
    assert [call.fault for call in calls] == ["429", "500", "401", None, None, None]
    assert [call.status for call in calls] == [got.status for got in replies]
    assert {call.protocol for call in calls} == {name}
    assert {call.prompt_tokens for call in calls} == {None}
    assert calls[3].model == "cheat:2"


@pytest.mark.parametrize("name", ASKS)
@pytest.mark.parametrize(
    "header", [("Authorization", "Bearer secret"), ("x-api-key", "secret"), ("x-goog-api-key", "secret")]
)
def test_only_the_key_is_accepted(name: str, header: tuple[str, str]) -> None:
    config, (field, value) = SimConfig(script=SCRIPT, key="secret"), header
    (right,), _ = post(config, ASKS[name], headers={field: value})
    (wrong,), calls = post(config, ASKS[name], headers={field: f"{value}2"})
    (none,), _ = post(config, ASKS[name])
    assert (right.status, wrong.status, none.status) == (200, 401, 401)
    assert set(wrong.json()) == ERROR_FIELDS[name]
    assert calls == []


@pytest.mark.parametrize("ask", FORMS)
def test_no_usage_is_counted_all_the_same(ask: Ask) -> None:
    (full, bare), (told, untold) = post(faulty("slow:1", "no-usage", sleep=_no_wait), ask, ask)
    words = (b"_tokens", b"TokenCount", b"eval_count")
    assert any(word in full.body for word in words)
    assert not any(word in bare.body.replace(b"max_output_tokens", b"") for word in words)
    assert untold.completion_tokens == told.completion_tokens


@pytest.mark.parametrize("ask", FORMS)
def test_a_cut_answer_breaks_off_in_the_middle(ask: Ask) -> None:
    (whole, torn), (_, call) = post(faulty("slow:1", "cut", sleep=_no_wait), ask, ask)
    assert torn.broken
    assert 0 < len(torn.body) < len(whole.body)
    assert not call.completed
    assert call.prompt_tokens


@pytest.mark.parametrize("ask", FORMS)
def test_a_compressed_answer_says_the_same(ask: Ask) -> None:
    (plain,), _ = post(CONFIG, ask)
    (packed,), (call,) = post(faulty("gzip"), ask, headers={"Accept-Encoding": "gzip"})
    (refused,), _ = post(faulty("gzip"), ask, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in refused.headers
    assert len(gzip.decompress(packed.body)) == len(plain.body) == len(refused.body)
    assert call.completed


def test_characters_are_split_on_the_wire() -> None:
    (plain, split), _ = post(faulty("slow:1", "split-utf8", sleep=_no_wait), STREAMED, STREAMED)
    assert len(split.body) == len(plain.body)
    assert all(piece.decode() for piece in plain.pieces)
    assert any(piece[-1] >= 0xC0 for piece in split.pieces)


@pytest.mark.parametrize("ask", FORMS)
def test_pacing_waits_for_every_token(ask: Ask) -> None:
    waited = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    _, (call,) = post(SimConfig(script=SCRIPT, tokens_per_s=50, sleep=sleep), ask)
    assert sum(waited) == pytest.approx((call.completion_tokens or 0) / 50)
    waited.clear()
    post(faulty("slow:1", tokens_per_s=50, sleep=sleep), ask)
    assert sum(waited) == pytest.approx((call.completion_tokens or 0) / 5)


@pytest.mark.parametrize(
    ("ask", "field"),
    [
        (Ask("/v1/messages/count_tokens", ASKS["messages"].body), "input_tokens"),
        (Ask("/v1beta/models/oracle:countTokens", ASKS["gemini"].body), "totalTokens"),
    ],
)
def test_counting_tokens_is_no_call(ask: Ask, field: str) -> None:
    real = ASKS["messages" if "messages" in ask.path else "gemini"]
    (counted, unknown, served), (call,) = post(faulty("500:1"), ask, ask.with_model("x"), real)
    assert (counted.status, unknown.status, served.status) == (200, 404, 500)
    assert call.status == 500, "the fault was kept for a model call"
    (_,), (call,) = post(CONFIG, real)
    assert counted.json()[field] == call.prompt_tokens


@pytest.mark.parametrize("path", ["/v1/models", "/v1beta/models", "/api/tags"])
def test_each_api_lists_the_models(path: str) -> None:
    async def client(server: Serving) -> Any:
        async with aiohttp.ClientSession(root(server)) as session:
            async with session.get(path) as response:
                assert response.status == 401
            async with session.get(path, headers={"x-api-key": "k"}) as response:
                return await response.json()

    listed = with_server(SimConfig(script=SCRIPT, key="k"), client)
    entries = listed["data"] if "data" in listed else listed["models"]
    names = [entry.get("id") or entry["name"] for entry in entries]
    assert [name.removeprefix("models/") for name in names] == ["oracle", "cheat:1", "null"]


def test_other_paths_are_not_there() -> None:
    (got,), calls = post(CONFIG, ("/v1/v1/messages", b"{}"))
    assert (got.status, calls) == (404, [])


def test_an_array_is_streamed_where_no_events_are_asked_for() -> None:
    path = ASKS["gemini"].streamed().path.partition("?")[0]
    (got,), (call,) = post(CONFIG, Ask(path, ASKS["gemini"].body))
    assert got.headers["Content-Type"] == "application/json"
    assert call.stream
    assert got.json()[-1]["usageMetadata"]["totalTokenCount"] == call.wire()["total_tokens"]


def test_the_url_escapes_a_models_colon() -> None:
    (got,), (call,) = post(
        CONFIG, Ask("/v1beta/models/cheat%3A1:generateContent", {"contents": [{"parts": [{"text": "Hi"}]}]})
    )
    assert (got.status, call.model) == (200, "cheat:1")


# --- models


def test_each_model_plays_its_own_script() -> None:
    replies, calls = post(CONFIG, *map(CHAT.with_model, ("cheat:1", "null", "oracle")))
    contents = [got.json()["choices"][0]["message"]["content"] for got in replies]
    assert contents == ["Ha.", "I leave everything as it is.", None]
    assert [call.model for call in calls] == ["cheat:1", "null", "oracle"]


def test_without_a_script_the_oracle_has_nothing_to_do() -> None:
    (got,), _ = post(SimConfig(), CHAT)
    assert got.json()["choices"][0]["message"]["content"] == "Done."


def test_too_large_a_body_is_refused_and_counted() -> None:
    (got,), (call,) = post(CONFIG, (CHAT.path, b" " * (MAX_BODY_BYTES + 1)))
    assert got.json()["error"]["type"] == "invalid_request_error"
    assert (got.status, call.status, call.model) == (413, 413, None)


def test_a_body_of_32_mb_is_served() -> None:
    data = json.dumps(CHAT.body).encode()
    (got,), _ = post(CONFIG, (CHAT.path, data + b" " * (MAX_BODY_BYTES - len(data))))
    assert got.status == 200


def test_no_tools_refuses_only_tools() -> None:
    without = Ask(CHAT.path, {key: value for key, value in CHAT.body.items() if key != "tools"})
    replies, _ = post(faulty("no-tools"), CHAT, without)
    assert [got.status for got in replies] == [400, 200]
    assert "tools" in replies[0].json()["error"]["message"]


# --- the count


def test_a_torn_stream_is_counted_up_to_where_it_broke() -> None:
    (_,), (whole,) = post(CONFIG, STREAMED)
    (got,), (call,) = post(faulty("cut"), STREAMED)
    assert got.body.count(b"\n\n") > 1
    assert call.prompt_tokens == whole.prompt_tokens
    assert 0 < (call.completion_tokens or 0) < (whole.completion_tokens or 0)


def test_a_call_that_came_in_one_torn_chunk_did_not_come() -> None:
    (got,), (call,) = post(faulty("cut"), ASKS["gemini"].streamed())
    assert got.body.startswith(b"data: {")
    assert (call.completed, call.completion_tokens) == (False, 0)


def test_a_torn_body_was_made_whole() -> None:
    (_,), (whole,) = post(CONFIG, CHAT)
    (got,), (call,) = post(faulty("cut"), CHAT)
    assert len(got.body) == int(got.headers["Content-Length"]) // 2
    assert call.completion_tokens == whole.completion_tokens


def test_a_call_is_counted_before_its_last_byte(tmp_path: Path) -> None:
    path = tmp_path / "count.jsonl"

    async def client(server: Serving) -> None:
        async with aiohttp.ClientSession(root(server)) as session:
            for number, ask in enumerate((CHAT, STREAMED), start=1):
                async with session.post(ask.path, json=ask.body) as response:
                    await response.read()
                lines = path.read_bytes().splitlines()
                assert len(lines) == number
            async with session.get("/sim/calls") as response:
                assert await response.json() == {"calls": [json.loads(line) for line in lines]}

    with_server(SimConfig(script=SCRIPT, count_path=path), client)
    plain, streamed = map(json.loads, path.read_bytes().splitlines())
    assert (plain["stream"], streamed["stream"]) == (False, True)
    assert (
        plain["total_tokens"]
        == streamed["total_tokens"]
        == plain["prompt_tokens"] + plain["completion_tokens"]
    )


def test_a_client_that_leaves_is_counted() -> None:
    pieces = itertools.count()
    left: asyncio.Event

    async def until_the_client_has_left(_seconds: float) -> None:
        if next(pieces) == 0:
            return  # the first piece goes out at once
        await left.wait()
        for _ in range(10):  # turns of the loop, in which the closed connection is noticed
            await asyncio.sleep(0)

    async def client(server: Serving) -> list[Call]:
        nonlocal left
        left = asyncio.Event()
        async with aiohttp.ClientSession(root(server)) as session:
            async with session.post(STREAMED.path, json=STREAMED.body) as response:
                await response.content.readany()
                response.close()
            left.set()
        return server.log.calls

    config = SimConfig(script=SCRIPT, tokens_per_s=1, sleep=until_the_client_has_left)
    (call,) = with_server(config, client)
    assert (call.status, call.completed) == (200, False)
    assert call.prompt_tokens


def test_a_call_in_flight_is_counted_when_the_simulator_ends() -> None:
    pieces = itertools.count()

    async def for_ever(_seconds: float) -> None:
        if next(pieces):
            await asyncio.Event().wait()

    async def client(server: Serving) -> list[Call]:
        async with (
            aiohttp.ClientSession(root(server)) as session,
            session.post(STREAMED.path, json=STREAMED.body) as response,
        ):
            await response.content.readany()
        return server.log.calls

    (call,) = with_server(SimConfig(script=SCRIPT, tokens_per_s=1, sleep=for_ever), client)
    assert not call.completed


def test_equal_requests_get_equal_answers_at_once_too() -> None:
    async def client(server: Serving) -> set[str]:
        async def one(session: aiohttp.ClientSession) -> str:
            async with session.post(CHAT.path, json=CHAT.body) as response:
                made = (await response.json())["choices"][0]["message"]["tool_calls"][0]["function"]
                return json.dumps(made)

        async with aiohttp.ClientSession(root(server)) as session:
            return set(await asyncio.gather(*(one(session) for _ in range(8))))

    assert len(with_server(CONFIG, client)) == 1


# --- many runs


def with_runs(folder: Path, *names: str, **settings: Any) -> SimConfig:
    for name in names:
        (folder / name).mkdir()
        replace(SCRIPT, models={"oracle": ModelScript(say=f"{name}: {SAY}")}).dump(
            folder / name / "script.json"
        )
    return SimConfig(runs=folder, **settings)


def below(run: str, ask: Ask) -> Ask:
    return replace(ask, path=f"/{run}{ask.path}", stream_path=ask.stream_path and f"/{run}{ask.stream_path}")


def counted(folder: Path, run: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / run / "calls.jsonl").read_bytes().splitlines()]


@pytest.mark.parametrize("name", STREAMING)
def test_every_protocol_is_there_below_a_run(tmp_path: Path, name: str) -> None:
    config = with_runs(tmp_path, "01J.a-b_c", "two")
    asks = (
        below("01J.a-b_c", ASKS[name]),
        below("01J.a-b_c", ASKS[name]).streamed(),
        below("two", ASKS[name]),
    )
    got, calls = post(config, *asks)
    assert [one.status for one in got] == [200, 200, 200]
    assert b"01J.a-b_c" in got[0].body
    assert b"two" in got[2].body
    assert [(call["n"], call["protocol"], call["stream"]) for call in counted(tmp_path, "01J.a-b_c")] == [
        (1, name, False),
        (2, name, True),
    ]
    assert [call["n"] for call in counted(tmp_path, "two")] == [1]
    assert calls == []


@pytest.mark.parametrize("name", ASKS)
def test_an_unknown_run_is_refused_in_the_protocols_own_form(tmp_path: Path, name: str) -> None:
    (got,), _ = post(with_runs(tmp_path), below("none", ASKS[name]))
    assert (got.status, set(got.json())) == (404, ERROR_FIELDS[name])
    assert b"The run 'none' does not exist." in got.body
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_where_the_meter_joins_paths() -> None:
    upstream = Upstream.parse("http://h:1/a/v1")
    assert {upstream.join(ask.path) for ask in ASKS.values()} == {
        f"http://h:1{below('a', ask).path}" for ask in ASKS.values()
    }


def test_each_run_has_its_own_faults(tmp_path: Path) -> None:
    config = with_runs(tmp_path, "a", "b", faults=(Fault.parse("429:2"), Fault.parse("500%50")))
    replies, _ = post(config, *(below(run, CHAT) for _ in range(12) for run in ("a", "b")))
    a, b = ([got.status for got in replies[place::2]] for place in (0, 1))
    assert a[:2] == b[:2] == [429, 429]
    assert set(a[2:]) == set(b[2:]) == {500, 200}
    assert a != b


@pytest.mark.parametrize("path", ["/v1/models", "/v1beta/models", "/api/tags", "/sim/calls"])
def test_a_run_answers_questions(tmp_path: Path, path: str) -> None:
    async def client(server: Serving) -> list[tuple[int, Any]]:
        async with aiohttp.ClientSession(server.url) as session:
            got = []
            for run, key in (("a", "k"), ("a", "x"), ("none", "k")):
                async with session.get(f"/{run}{path}", headers={"x-api-key": key}) as response:
                    got.append((response.status, await response.json()))
            return got

    config = with_runs(tmp_path, "a", key="k")
    (status, answer), (wrong, _), (unknown, error) = with_server(config, client)
    assert (status, wrong, unknown) == (200, 401, 404)
    assert answer == {"calls": []} if path == "/sim/calls" else "oracle" in json.dumps(answer)
    assert "The run 'none' does not exist." in json.dumps(error)


def test_without_runs_there_is_no_path_below_one() -> None:
    (got,), calls = post(CONFIG, below("a", CHAT))
    assert (got.status, calls) == (404, [])


async def end(session: aiohttp.ClientSession) -> Any:
    async with session.delete("/a") as response:
        return await response.json()


def test_a_run_that_is_ended_is_freed(tmp_path: Path) -> None:
    async def client(server: Serving) -> list[str]:
        path, texts = below("a", CHAT).path, []
        async with aiohttp.ClientSession(server.url) as session:
            for say in ("One.", "Two."):
                script = replace(SCRIPT, models={"oracle": ModelScript(say=say)})
                script.dump(tmp_path / "a/script.json")
                async with session.post(path, json=CHAT.body) as response:
                    texts.append((await response.json())["choices"][0]["message"]["content"])
                await end(session)
        return texts

    assert with_server(with_runs(tmp_path, "a"), client) == ["One.", "Two."]


def test_a_run_that_is_ended_has_its_whole_count(tmp_path: Path) -> None:
    pieces = itertools.count()
    left: asyncio.Event

    async def until_the_client_has_left(_seconds: float) -> None:
        if next(pieces):
            await left.wait()

    async def client(server: Serving) -> Any:
        nonlocal left
        left = asyncio.Event()
        async with aiohttp.ClientSession(server.url) as session:
            ask = below("a", STREAMED)
            async with session.post(ask.path, json=ask.body) as response:
                await response.content.readany()
                response.close()
            ending = asyncio.create_task(end(session))
            async with session.get("/a/sim/calls") as response:  # once round, so that the end has begun
                assert await response.json() == {"calls": []}
            assert not ending.done()
            left.set()
            return await ending

    ended = with_server(with_runs(tmp_path, "a", tokens_per_s=1, sleep=until_the_client_has_left), client)
    (call,) = ended["calls"]
    assert not call["completed"]
    assert ended["calls"] == counted(tmp_path, "a")
