"""The official SDKs in conversation with a simulator: directly, through a proxy, or through a run's door.

What they give (events, objects, exceptions) is kept as plain values, and the responses below as they came.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
from google import genai
from google.genai import types

from cab_proxy.control import RunRequest
from cab_proxy.headers import HOP_BY_HOP
from cab_proxy.records import Record
from cab_sim.calls import Call
from cab_sim.faults import Fault
from cab_sim.server import SimConfig, serving
from fakes.metered import metered, read_ledger
from sim.play import ASKS, SCRIPT

KEY = "secret"
OWN = HOP_BY_HOP | {"date"}
"""Headers that are each connection's, or each second's, own."""

ERRORS = (
    openai.OpenAIError,
    anthropic.AnthropicError,
    genai.errors.APIError,
    httpx2.HTTPError,
)
SENT = {"request", "_request", "response"}
"""What else an exception holds: it names the address."""


@dataclass
class Heard:
    """A response as it arrived, its framing and compression as they were sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


class Tape(httpx2.AsyncHTTPTransport):
    """Sends an SDK's requests, by a Unix socket where there is one, and keeps the responses."""

    def __init__(self, uds: Path | None) -> None:
        super().__init__(uds=None if uds is None else str(uds), verify=False)  # there is no TLS
        self.heard: list[Heard] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        headers = [field for field in response.headers.raw if field[0].decode().lower() not in OWN]
        self.heard.append(Heard(response.status_code, headers))
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Copied(response.stream, self.heard[-1])
        return response


@dataclass
class _Copied(httpx2.AsyncByteStream):
    stream: httpx2.AsyncByteStream
    heard: Heard

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self.stream:
            self.heard.body += part
            yield part

    async def aclose(self) -> None:
        await self.stream.aclose()


@dataclass
class Way:
    """How an SDK gets to its endpoint, and what it has seen there."""

    origin: str
    key: str
    tape: Tape
    retries: int = 0
    seen: list[Any] = field(default_factory=list)

    def see(self, given: Any) -> None:
        """Keep all that an object of an SDK holds."""
        self.seen.append((type(given).__name__, _plain(given)))

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Keep what is raised: its kind, its words, and what it holds."""
        try:
            yield
        except ERRORS as error:
            held = {name: value for name, value in vars(error).items() if name not in SENT}
            cause = error.__cause__
            self.seen.append((type(error), str(error), _plain(held), type(cause), str(cause)))

    def __post_init__(self) -> None:
        self.http = httpx2.AsyncClient(transport=self.tape, follow_redirects=True)

    def openai(self) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(
            base_url=f"{self.origin}/v1",
            api_key=self.key,
            max_retries=self.retries,
            http_client=self.http,
        )

    def anthropic(self) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(
            base_url=self.origin, api_key=self.key, max_retries=self.retries, http_client=self.http
        )

    def genai(self) -> Any:
        options = types.HttpOptions(
            base_url=self.origin,
            httpx_async_client=self.http,
            retry_options=types.HttpRetryOptions(attempts=self.retries + 1, initial_delay=0.0, jitter=0.0),
        )
        return genai.Client(api_key=self.key, vertexai=False, http_options=options).aio


def _plain(given: Any) -> Any:
    """Nothing but plain values, so that they compare; without what is each connection's own."""
    if hasattr(given, "model_dump"):
        given = given.model_dump(warnings=False)
    if isinstance(given, dict):
        return {name: _plain(value) for name, value in given.items() if str(name).lower() not in OWN}
    return [_plain(value) for value in given] if isinstance(given, list | tuple) else given


Talk = Callable[[Way, bool], Awaitable[None]]


def ask(protocol: str, *left_out: str) -> Any:
    return {key: value for key, value in ASKS[protocol].body.items() if key not in left_out}


async def chat(way: Way, stream: bool) -> None:
    fields = ask("chat")
    async with way.openai() as client:
        for _ in range(2):
            if stream:
                usage: Any = {"include_usage": True}
                async with client.chat.completions.stream(**fields, stream_options=usage) as events:
                    async for part in events:
                        way.see(part)
                    got: Any = await events.get_final_completion()
            else:
                raw = await client.chat.completions.with_raw_response.create(**fields)
                way.see((raw.status_code, raw.request_id, raw.text))
                got = raw.parse()
            way.see(got)
            message = got.choices[0].message
            if message.tool_calls:
                result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "ok"}
                said = message.model_dump(exclude_none=True, exclude={"parsed"})
                fields["messages"] = [*fields["messages"], said, result]


async def responses(way: Way, stream: bool) -> None:
    fields = ask("responses")
    items: list[Any] = [{"role": "user", "content": fields.pop("input")}]
    async with way.openai() as client:
        for _ in range(2):
            if stream:
                async with client.responses.stream(**fields, input=items) as events:
                    async for part in events:
                        way.see(part)
                    got: Any = await events.get_final_response()
            else:
                got = await client.responses.create(**fields, input=items)
            way.see(got)
            item = got.output[0]
            if item.type == "function_call":
                items.append(item.model_dump(exclude_none=True, exclude={"parsed_arguments"}))
                items.append({"type": "function_call_output", "call_id": item.call_id, "output": "ok"})


async def messages(way: Way, stream: bool) -> None:
    fields = ask("messages")
    async with way.anthropic() as client:
        for _ in range(2):
            if stream:
                async with client.messages.stream(**fields) as events:
                    async for part in events:
                        way.see(part)
                    got: Any = await events.get_final_message()
            else:
                got = await client.messages.create(**fields)
            way.see(got)
            block = got.content[0]
            if block.type == "tool_use":
                said = {"role": "assistant", "content": [block.model_dump(exclude_none=True)]}
                result = {"type": "tool_result", "tool_use_id": block.id, "content": "ok"}
                fields["messages"] = [*fields["messages"], said, {"role": "user", "content": [result]}]


async def gemini(way: Way, stream: bool) -> None:
    body = ask("gemini")
    contents = [types.Content.model_validate(turn) for turn in body["contents"]]
    config = types.GenerateContentConfig(
        system_instruction="You are an agent.", tools=[types.Tool.model_validate(body["tools"][0])]
    )
    async with way.genai() as client:
        for _ in range(2):
            asked: Any = {"model": "oracle", "contents": contents, "config": config}
            parts = []
            if stream:
                async for got in await client.models.generate_content_stream(**asked):
                    way.see(got)
                    parts += got.candidates[0].content.parts
            else:
                got = await client.models.generate_content(**asked)
                way.see(got)
                parts += got.candidates[0].content.parts
            made = next((part.function_call for part in parts if part.function_call), None)
            if made:
                result = types.Part.from_function_response(name=made.name, response={"output": "ok"})
                contents += [
                    types.Content(role="model", parts=parts),
                    types.Content(role="user", parts=[result]),
                ]


async def completions(way: Way, stream: bool) -> None:
    fields = ask("completions")
    async with way.openai() as client:
        if stream:
            usage: Any = {"include_usage": True}
            async for part in await client.completions.create(**fields, stream=True, stream_options=usage):
                way.see(part)
        else:
            way.see(await client.completions.create(**fields))


async def embeddings(way: Way, _: bool) -> None:
    async with way.openai() as client:
        way.see(await client.embeddings.create(**ask("embeddings")))
        way.see(await client.embeddings.create(**ask("embeddings"), encoding_format="float"))


async def questions(way: Way, _: bool) -> None:
    """What is asked beside model calls."""
    async with way.openai() as one, way.anthropic() as two, way.genai() as three:
        way.see([model async for model in one.models.list()])
        way.see(await two.messages.count_tokens(**ask("messages", "max_tokens")))
        way.see(await three.models.count_tokens(model="oracle", contents="Hi"))


async def with_the_clients_they_bring(way: Way, _: bool) -> None:
    """Over TCP, by SDKs that were given no HTTP client: these are synchronous, or aiohttp's."""

    def wait() -> None:
        with openai.OpenAI(base_url=f"{way.origin}/v1", api_key=KEY, max_retries=0) as one:
            for part in one.chat.completions.create(**ask("chat"), stream=True):
                way.see(part)
        with anthropic.Anthropic(base_url=way.origin, api_key=KEY, max_retries=0) as two:
            for happened in two.messages.create(**ask("messages"), stream=True):
                way.see(happened)
        with genai.Client(api_key=KEY, vertexai=False, http_options=options) as three:
            for got in three.models.generate_content_stream(model="oracle", contents="Hi"):
                way.see(got)

    options = types.HttpOptions(base_url=way.origin)
    await asyncio.to_thread(wait)
    async with genai.Client(api_key=KEY, vertexai=False, http_options=options).aio as four:
        async for got in await four.models.generate_content_stream(model="oracle", contents="Hi"):
            way.see(got)


@dataclass
class Trip:
    """A conversation."""

    seen: list[Any]
    heard: list[Heard]
    calls: list[Call]
    """The simulator's own count."""
    records: tuple[Record, ...] = ()


@contextlib.asynccontextmanager
async def leading(kind: str, url: str, folder: Path) -> AsyncIterator[tuple[Way, Path | None]]:
    """A way to the endpoint at ``url``, and where its ledger lies."""
    if kind == "direct":
        yield Way(url.removesuffix("/v1"), KEY, Tape(None)), None
    elif kind == "proxy":
        async with metered(url, folder) as proxy:
            yield Way(proxy.url, KEY, Tape(None)), proxy.ledger
    else:
        async with metered(url, folder, key=KEY) as proxy:
            run = await proxy.service.open_run(RunRequest(run_id="r", upstream=url, models=("oracle",)))
            yield Way("http://door.invalid", run.token, Tape(run.socket)), run.ledger


def travel(kind: str, talk: Talk, stream: bool, *faults: str, retries: int = 0) -> Trip:
    """Hold a conversation with a simulator."""

    async def main() -> Trip:
        config = SimConfig(script=SCRIPT, key=KEY, tokens_per_chunk=3, faults=tuple(map(Fault.parse, faults)))
        with tempfile.TemporaryDirectory() as folder:
            async with serving(config) as server, leading(kind, server.url, Path(folder)) as (way, ledger):
                way.retries = retries
                async with way.http:
                    with way.errors():
                        await talk(way, stream)
                records = () if ledger is None else read_ledger(ledger)
        return Trip(way.seen, way.tape.heard, server.log.calls, records)

    return asyncio.run(main())
