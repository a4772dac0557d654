"""The endpoint over a real socket, with the official SDK and with a bare client."""

import asyncio
import io
import itertools
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import openai
import pytest
from openai.types.chat import ChatCompletion

from cab_sim.calls import Call
from cab_sim.faults import Fault
from cab_sim.script import Edit, ModelScript, Script
from cab_sim.server import MAX_BODY_BYTES, Serving, SimConfig, serving

T = TypeVar("T")

EDIT = Edit(path="src/é.py", before="x\n", after="print('grüße — 漢字')\n" * 5)
SCRIPT = Script(
    task="mutations/x",
    models={"oracle": ModelScript(edits=(EDIT,), say="Fertig — 完了."), "cheat:1": ModelScript(say="Ha.")},
)
CONFIG = SimConfig(script=SCRIPT)
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
TOOLS: Any = [{"type": "function", "function": {"name": "bash", "description": "Run.", "parameters": SCHEMA}}]
MESSAGES: Any = [{"role": "system", "content": "You are an agent."}, {"role": "user", "content": "Fix it."}]
ASK = {"model": "oracle", "messages": MESSAGES, "tools": TOOLS}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def with_server(config: SimConfig, client: Callable[[Serving], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        async with serving(config) as server:
            return await client(server)

    return asyncio.run(run())


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    broken: bool
    """The connection ended before the body did."""

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["error"]
        assert set(found) == {"message", "type", "param", "code"}
        return found

    @property
    def events(self) -> list[str]:
        return [part.removeprefix("data: ") for part in self.body.decode().split("\n\n") if part]


def post(config: SimConfig, *bodies: Any, key: str = "k") -> tuple[list[Reply], list[Call]]:
    """Each body's reply, and the calls that the server counted."""

    async def client(server: Serving) -> tuple[list[Reply], list[Call]]:
        replies = []
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
            for body in bodies:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                async with session.post(f"{server.url}/chat/completions", data=io.BytesIO(data)) as response:
                    got, broken = b"", False
                    try:
                        async for piece in response.content.iter_any():
                            got += piece
                    except aiohttp.ClientPayloadError:
                        broken = True
                    replies.append(Reply(response.status, dict(response.headers), got, broken))
        return replies, server.log.calls

    return with_server(config, client)


def faulty(*faults: str, **settings: Any) -> SimConfig:
    return SimConfig(script=SCRIPT, faults=tuple(map(Fault.parse, faults)), **settings)


# --- with the official SDK


def sdk(config: SimConfig, **fields: Any) -> tuple[Any, list[Call]]:
    async def client(server: Serving) -> tuple[Any, list[Call]]:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="k", max_retries=0) as endpoint:
            got = await endpoint.chat.completions.create(**{**ASK, **fields})
            if isinstance(got, ChatCompletion):
                return got, server.log.calls
            return [chunk async for chunk in got], server.log.calls

    return with_server(config, client)


def test_the_sdk_plays_a_tool_call_plain() -> None:
    got, (call,) = sdk(CONFIG)
    (choice,) = got.choices
    assert choice.finish_reason == "tool_calls"
    (made,) = choice.message.tool_calls
    assert made.function.name == "bash"
    assert "base64" in json.loads(made.function.arguments)["command"] or "grüße" in made.function.arguments
    assert (got.usage.prompt_tokens, got.usage.completion_tokens) == (
        call.prompt_tokens,
        call.completion_tokens,
    )
    assert got.usage.total_tokens == call.wire()["total_tokens"]


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize("tools", [TOOLS, openai.omit])
def test_the_sdk_gets_the_same_streamed(size: int, tools: Any) -> None:
    plain, _ = sdk(CONFIG, tools=tools)
    chunks, (call,) = sdk(SimConfig(script=SCRIPT, tokens_per_chunk=size), tools=tools, **STREAM)
    *deltas, last = chunks
    assert last.choices == []
    assert last.usage == plain.usage
    assert all(chunk.usage is None for chunk in deltas)
    text, arguments, names, ids, reasons = "", "", [], [], []
    for chunk in deltas:
        (choice,) = chunk.choices
        text += choice.delta.content or ""
        for part in choice.delta.tool_calls or []:
            arguments += part.function.arguments or ""
            names += [part.function.name] if part.function.name else []
            ids += [part.id] if part.id else []
        reasons += [choice.finish_reason] if choice.finish_reason else []
    whole = plain.choices[0]
    assert text == (whole.message.content or "")
    assert reasons == [whole.finish_reason]
    assert [(i, n, arguments) for i, n in zip(ids, names, strict=True)] == [
        (made.id, made.function.name, made.function.arguments) for made in whole.message.tool_calls or []
    ]
    assert call.completion_tokens == plain.usage.completion_tokens
    assert call.stream
    assert call.completed


def test_usage_is_streamed_only_when_asked_for() -> None:
    chunks, _ = sdk(CONFIG, stream=True)
    assert all(chunk.choices for chunk in chunks)
    assert not any("usage" in chunk.model_fields_set for chunk in chunks)


def test_the_sdk_lists_the_models() -> None:
    async def client(server: Serving) -> list[str]:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="k") as endpoint:
            return [model.id async for model in endpoint.models.list()]

    assert with_server(CONFIG, client) == ["oracle", "cheat:1", "null"]


# --- on the wire


def test_a_stream_ends_as_openais_does() -> None:
    (reply,), _ = post(CONFIG, ASK | STREAM)
    assert reply.headers["Content-Type"] == "text/event-stream"
    assert reply.events[-1] == "[DONE]"
    first = json.loads(reply.events[0])
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert {json.loads(event)["id"] for event in reply.events[:-1]} == {first["id"]}


def test_each_model_plays_its_own_script() -> None:
    replies, calls = post(CONFIG, *({**ASK, "model": model} for model in ("cheat:1", "null", "oracle")))
    contents = [json.loads(reply.body)["choices"][0]["message"]["content"] for reply in replies]
    assert contents == ["Ha.", "I leave everything as it is.", None]
    assert [call.model for call in calls] == ["cheat:1", "null", "oracle"]


def test_without_a_script_the_oracle_has_nothing_to_do() -> None:
    (reply,), _ = post(SimConfig(), ASK)
    assert json.loads(reply.body)["choices"][0]["message"]["content"] == "Done."


def test_an_unknown_model_is_a_404() -> None:
    (reply,), (call,) = post(CONFIG, {**ASK, "model": "cheat:2"})
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert "oracle, cheat:1, null" in reply.error["message"]
    assert (call.model, call.status, call.prompt_tokens) == ("cheat:2", 404, None)


def test_bad_and_too_large_bodies_are_refused_and_counted() -> None:
    replies, calls = post(CONFIG, b"{", b" " * (MAX_BODY_BYTES + 1))
    assert [reply.status for reply in replies] == [400, 413]
    assert all(reply.error["type"] == "invalid_request_error" for reply in replies)
    assert [(call.status, call.model) for call in calls] == [(400, None), (413, None)]


def test_a_body_of_32_mb_is_served() -> None:
    filler = " " * (MAX_BODY_BYTES - len(json.dumps(ASK)))
    (reply,), _ = post(CONFIG, json.dumps(ASK).encode() + filler.encode())
    assert reply.status == 200


def test_only_the_key_is_accepted() -> None:
    config = SimConfig(script=SCRIPT, key="secret")
    (right,), _ = post(config, ASK, key="secret")
    (wrong,), calls = post(config, ASK, key="secret2")
    assert (right.status, wrong.status) == (200, 401)
    assert wrong.error["code"] == "invalid_api_key"
    assert calls == []


# --- faults


def test_faults_that_are_errors() -> None:
    replies, calls = post(faulty("429:1", "500:1", "401:1"), ASK, ASK, ASK, ASK)
    assert [reply.status for reply in replies] == [429, 500, 401, 200]
    assert replies[0].headers["Retry-After"] == "1"
    assert [reply.error["type"] for reply in replies[:3]] == [
        "requests",
        "server_error",
        "invalid_request_error",
    ]
    assert [call.fault for call in calls] == ["429", "500", "401", None]
    assert [call.prompt_tokens is None for call in calls] == [True, True, True, False]


def test_no_tools_refuses_only_tools() -> None:
    without = {key: value for key, value in ASK.items() if key != "tools"}
    replies, _ = post(faulty("no-tools"), ASK, without)
    assert [reply.status for reply in replies] == [400, 200]
    assert "tools" in replies[0].error["message"]


@pytest.mark.parametrize("stream", [{}, STREAM])
def test_no_usage_is_counted_all_the_same(stream: dict[str, Any]) -> None:
    (full, bare), (told, untold) = post(
        faulty("slow:1", "no-usage", sleep=_no_wait), ASK | stream, ASK | stream
    )
    assert b"usage" in full.body
    assert b"usage" not in bare.body
    assert untold.completion_tokens == told.completion_tokens


def test_a_cut_stream_breaks_off_in_the_middle() -> None:
    (whole,), (all_of_it,) = post(CONFIG, ASK | STREAM)
    (reply,), (call,) = post(faulty("cut"), ASK | STREAM)
    assert reply.broken
    assert 0 < len(reply.events) < len(whole.events) - 1
    assert not call.completed
    assert call.prompt_tokens == all_of_it.prompt_tokens
    assert 0 < (call.completion_tokens or 0) < (all_of_it.completion_tokens or 0)


def test_a_cut_body_breaks_off_in_the_middle() -> None:
    (reply,), (call,) = post(faulty("cut"), ASK)
    assert reply.broken
    assert len(reply.body) == int(reply.headers["Content-Length"]) // 2
    assert not call.completed


async def _no_wait(_seconds: float) -> None:
    return None


@pytest.mark.parametrize("stream", [{}, STREAM])
def test_pacing_waits_for_every_token(stream: dict[str, Any]) -> None:
    waited = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    _, (call,) = post(SimConfig(script=SCRIPT, tokens_per_s=50, sleep=sleep), ASK | stream)
    assert sum(waited) == pytest.approx((call.completion_tokens or 0) / 50)
    waited.clear()
    post(faulty("slow:1", tokens_per_s=50, sleep=sleep), ASK | stream)
    assert sum(waited) == pytest.approx((call.completion_tokens or 0) / 5)


# --- the count


def test_a_call_is_counted_before_its_last_byte(tmp_path: Path) -> None:
    path = tmp_path / "count.jsonl"

    async def client(server: Serving) -> None:
        async with aiohttp.ClientSession() as session:
            for number, body in enumerate((ASK, ASK | STREAM), start=1):
                async with session.post(f"{server.url}/chat/completions", json=body) as response:
                    await response.read()
                lines = path.read_bytes().splitlines()
                assert len(lines) == number
            async with session.get(server.url.removesuffix("/v1") + "/sim/calls") as response:
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
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{server.url}/chat/completions", json=ASK | STREAM) as response:
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
            aiohttp.ClientSession() as session,
            session.post(f"{server.url}/chat/completions", json=ASK | STREAM) as response,
        ):
            await response.content.readany()
        return server.log.calls

    (call,) = with_server(SimConfig(script=SCRIPT, tokens_per_s=1, sleep=for_ever), client)
    assert not call.completed


def test_equal_requests_get_equal_answers_at_once_too() -> None:
    async def client(server: Serving) -> set[str]:
        async def one(session: aiohttp.ClientSession) -> str:
            async with session.post(f"{server.url}/chat/completions", json=ASK) as response:
                made = (await response.json())["choices"][0]["message"]["tool_calls"][0]["function"]
                return json.dumps(made)

        async with aiohttp.ClientSession() as session:
            return set(await asyncio.gather(*(one(session) for _ in range(8))))

    assert len(with_server(CONFIG, client)) == 1
